#include "loaders/deltalake/log_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace ampload::deltalake {
namespace {

constexpr size_t kVersionDigits = 20;
constexpr size_t kPartDigits = 10;

std::optional<int64_t> Number(std::string_view digits, size_t width) {
  if (digits.size() != width) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) {
    return std::nullopt;
  }
  return value;
}

std::vector<std::string_view> Split(std::string_view name) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto dot = name.find('.');
    parts.push_back(name.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace

std::string LogEntryPath(int64_t version) {
  return fmt::format("{}/{:020}.json", kLogFolder, version);
}

std::string CheckpointPath(int64_t version) {
  return fmt::format("{}/{:020}.checkpoint.parquet", kLogFolder, version);
}

std::string BeforeVersion(int64_t version) { return fmt::format("{}/{:020}", kLogFolder, version); }

std::optional<LogName> ParseLogName(std::string_view name) {
  using Kind = LogName::Kind;
  const auto parts = Split(name);
  const auto version = Number(parts.front(), kVersionDigits);
  if (!version.has_value() || parts.size() < 2) return std::nullopt;
  LogName out{.kind = Kind::kEntry, .version = *version};
  const auto last = parts.back();
  if (parts.size() == 2 && last == "json") return out;
  if (parts.size() == 2 && last == "crc") {
    out.kind = Kind::kChecksum;
    return out;
  }
  if (parts.size() == 4 && parts[2] == "compacted" && last == "json" &&
      Number(parts[1], kVersionDigits).has_value()) {
    out.kind = Kind::kCompacted;
    return out;
  }
  if (parts[1] != "checkpoint") return std::nullopt;
  if (parts.size() == 3 && last == "parquet") {
    out.kind = Kind::kCheckpoint;
    return out;
  }
  if (parts.size() == 4 && (last == "parquet" || last == "json") && !parts[2].empty()) {
    out.kind = Kind::kUuid;
    return out;
  }
  if (parts.size() == 5 && last == "parquet") {
    const auto part = Number(parts[2], kPartDigits);
    const auto of = Number(parts[3], kPartDigits);
    if (!part.has_value() || !of.has_value() || *part < 1 || *part > *of) return std::nullopt;
    out.kind = Kind::kPart;
    out.part = *part;
    out.parts = *of;
    return out;
  }
  return std::nullopt;
}

}  // namespace ampload::deltalake
