#include "loaders/deltalake/table_properties.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/nearest_name.h"

namespace ampload::deltalake {
namespace {

enum class Kind { kTruth, kCount, kMode, kText };

struct Known {
  std::string_view name;
  Kind kind;
};

// What Delta tables have (the Delta protocol; docs.delta.io, "Delta table properties reference").
constexpr std::array kKnown = {
    Known{"delta.appendOnly", Kind::kTruth},
    Known{"delta.autoOptimize.autoCompact", Kind::kText},
    Known{"delta.autoOptimize.optimizeWrite", Kind::kTruth},
    Known{"delta.checkpoint.writeStatsAsJson", Kind::kTruth},
    Known{"delta.checkpoint.writeStatsAsStruct", Kind::kTruth},
    Known{"delta.checkpointInterval", Kind::kCount},
    Known{"delta.checkpointPolicy", Kind::kText},
    Known{"delta.columnMapping.mode", Kind::kMode},
    Known{"delta.dataSkippingNumIndexedCols", Kind::kCount},
    Known{"delta.dataSkippingStatsColumns", Kind::kText},
    Known{"delta.deletedFileRetentionDuration", Kind::kText},
    Known{"delta.enableChangeDataFeed", Kind::kTruth},
    Known{"delta.enableDeletionVectors", Kind::kTruth},
    Known{"delta.enableExpiredLogCleanup", Kind::kTruth},
    Known{"delta.enableIcebergCompatV1", Kind::kTruth},
    Known{"delta.enableIcebergCompatV2", Kind::kTruth},
    Known{"delta.enableInCommitTimestamps", Kind::kTruth},
    Known{"delta.enableRowTracking", Kind::kTruth},
    Known{"delta.enableTypeWidening", Kind::kTruth},
    Known{"delta.isolationLevel", Kind::kText},
    Known{"delta.logRetentionDuration", Kind::kText},
    Known{"delta.parquet.compression.codec", Kind::kText},
    Known{"delta.randomizeFilePrefixes", Kind::kTruth},
    Known{"delta.randomPrefixLength", Kind::kCount},
    Known{"delta.setTransactionRetentionDuration", Kind::kText},
    Known{"delta.targetFileSize", Kind::kText},
    Known{"delta.tuneFileSizesForRewrites", Kind::kTruth},
};

Status Wrong(const std::string& what, const std::string& name, const std::string& value) {
  return ConfigurationError("deltalake: properties: " + what + ": property=" + name +
                            " value=" + value);
}

Status CheckValue(Kind kind, const std::string& name, const std::string& value) {
  switch (kind) {
    case Kind::kTruth:
      if (value == "true" || value == "false") return Status::OK();
      return Wrong("expected true or false", name, value);
    case Kind::kCount: {
      int64_t number = 0;
      const char* end = value.data() + value.size();
      const auto parsed = std::from_chars(value.data(), end, number);
      if (parsed.ec == std::errc() && parsed.ptr == end && number >= -1) return Status::OK();
      return Wrong("expected a whole number", name, value);
    }
    case Kind::kMode:
      if (value == "none" || value == "name" || value == "id") return Status::OK();
      return Wrong("expected none, name or id", name, value);
    case Kind::kText:
      break;
  }
  return Status::OK();
}

Status CheckOne(const std::string& name, const std::string& value) {
  if (!name.starts_with("delta.")) return Status::OK();  // the user's own
  if (name == "delta.minReaderVersion" || name == "delta.minWriterVersion" ||
      name.starts_with("delta.feature.") || name.starts_with("delta.constraints.")) {
    return Wrong(
        "a new table's protocol follows from its columns and the other properties; leave "
        "this one out",
        name, value);
  }
  const auto* known = std::find_if(kKnown.begin(), kKnown.end(),
                                   [&](const Known& each) { return each.name == name; });
  if (known != kKnown.end()) return CheckValue(known->kind, name, value);
  std::vector<std::string> names;
  for (const auto& each : kKnown) names.emplace_back(each.name);
  const auto nearest = base::NearestName(name, names);
  return Wrong(
      "Delta has no such property" + (nearest ? "; did you mean " + *nearest + "?" : std::string()),
      name, value);
}

std::string Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

std::vector<std::string_view> Pieces(std::string_view text) {
  std::vector<std::string_view> pieces;
  while (true) {
    const size_t comma = std::min(text.find(','), text.size());
    pieces.push_back(text.substr(0, comma));
    if (comma == text.size()) return pieces;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

Result<TextMap> ParseProperties(const std::string& text) {
  TextMap out;
  if (Trimmed(text).empty()) return out;
  std::string* last = nullptr;
  for (const auto piece : Pieces(text)) {
    const size_t equals = piece.find('=');
    if (equals == std::string_view::npos && last != nullptr) {
      *last += "," + Trimmed(piece);
      continue;
    }
    std::string name = Trimmed(piece.substr(0, equals));
    if (equals == std::string_view::npos || name.empty()) {
      return ConfigurationError(
          "deltalake: properties: expected name=value,name=value: properties=" + text);
    }
    const auto [at, is_new] = out.emplace(std::move(name), Trimmed(piece.substr(equals + 1)));
    if (!is_new) {
      return ConfigurationError("deltalake: properties: one is given twice: property=" + at->first);
    }
    last = &at->second;
  }
  return out;
}

Status CheckProperties(const TextMap& properties) {
  for (const auto& [name, value] : properties) ARROW_RETURN_NOT_OK(CheckOne(name, value));
  return Status::OK();
}

std::vector<std::string> SplitNames(const std::string& text) {
  std::vector<std::string> names;
  if (Trimmed(text).empty()) return names;
  for (const auto piece : Pieces(text)) names.push_back(Trimmed(piece));
  return names;
}

}  // namespace ampload::deltalake
