#include "loaders/deltalake/log_segment.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "ampload/log.h"
#include "loaders/deltalake/log_names.h"

namespace ampload::deltalake {
namespace {

using Kind = LogName::Kind;

// What the folder holds, by version.
struct Listing {
  std::set<int64_t> entries;
  std::map<int64_t, std::string> whole;  // checkpoints of one file; a classic one wins
  std::map<std::pair<int64_t, int64_t>, std::map<int64_t, std::string>> parts;  // by parts' number
};

Listing Sort(const std::vector<lake::ObjectInfo>& files) {
  Listing out;
  for (const auto& file : files) {
    const auto slash = file.path.rfind('/');
    const auto name = ParseLogName(std::string_view(file.path).substr(slash + 1));
    if (!name.has_value()) continue;
    switch (name->kind) {
      case Kind::kEntry:
        out.entries.insert(name->version);
        break;
      case Kind::kCheckpoint:
        if (file.size > 0) out.whole[name->version] = file.path;
        break;
      case Kind::kUuid:
        if (file.size > 0) out.whole.try_emplace(name->version, file.path);
        break;
      case Kind::kPart:
        out.parts[{name->version, name->parts}][name->part] = file.path;
        break;
      case Kind::kChecksum:
      case Kind::kCompacted:
        break;
    }
  }
  return out;
}

// The newest whole checkpoint up to that version.
void ChooseCheckpoint(const Listing& listing, std::optional<int64_t> at, LogSegment* out) {
  const auto fits = [&](int64_t version) {
    return (!at.has_value() || version <= *at) &&
           (!out->checkpoint.has_value() || version > *out->checkpoint);
  };
  for (const auto& [version, path] : listing.whole) {
    if (!fits(version)) continue;
    out->checkpoint = version;
    out->checkpoint_files = {path};
  }
  for (const auto& [which, files] : listing.parts) {
    const auto& [version, parts] = which;
    if (std::cmp_not_equal(files.size(), parts) || !fits(version)) continue;
    out->checkpoint = version;
    out->checkpoint_files.clear();
    for (const auto& [part, path] : files) out->checkpoint_files.push_back(path);
  }
}

// A folder that holds something else is no table to be made. Files of a load that ended before its
// first commit may lie there: then it was begun by one of ours.
Status CheckFolderIsFree(lake::ObjectStore& table, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto files, table.List("", "", context));
  if (files.empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto begun, table.Read(kBegun, context));
  if (begun != nullptr) return Status::OK();
  for (const auto& file : files) {
    if (file.path.starts_with("_") || file.path.starts_with(".")) continue;
    return PermanentError("deltalake: this is not a Delta table: there are files, but no " +
                          std::string(kLogFolder) +
                          "; give the folder of a table, or an empty one: table=" + table.root() +
                          " file=" + file.path);
  }
  return Status::OK();
}

Status Missing(lake::ObjectStore& table, int64_t version, const std::string& what) {
  return PermanentError("deltalake: the log is damaged: an entry is missing" + what +
                        ": table=" + table.root() + " file=" + LogEntryPath(version));
}

}  // namespace

Result<std::optional<int64_t>> HintedCheckpoint(lake::ObjectStore& table,
                                                const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, table.Read(kLastCheckpoint, context));
  if (bytes == nullptr) return std::nullopt;
  const auto text = std::string_view(*bytes);
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_object() && json.contains("version") && json["version"].is_number_integer()) {
    return json["version"].get<int64_t>();
  }
  LogWarning("deltalake",
             "_last_checkpoint is damaged; the whole log is listed: table=" + table.root());
  return std::nullopt;
}

Result<LogSegment> FindSegment(lake::ObjectStore& table, std::optional<int64_t> at,
                               const CallContext& context) {
  std::optional<int64_t> from;
  if (!at.has_value()) {
    ARROW_ASSIGN_OR_RAISE(from, HintedCheckpoint(table, context));
  }
  LogSegment out;
  Listing listing;
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(
        const auto files,
        table.List(kLogFolder, from.has_value() ? BeforeVersion(*from) : "", context));
    listing = Sort(files);
    out = {};
    ChooseCheckpoint(listing, at, &out);
    if (!from.has_value() || out.checkpoint.has_value()) break;
    from.reset();  // the hint's checkpoint is not there
  }
  if (listing.entries.empty() && !out.checkpoint.has_value()) {
    ARROW_RETURN_NOT_OK(CheckFolderIsFree(table, context));
    if (!at.has_value()) return out;
  }
  const int64_t newest = std::max(listing.entries.empty() ? -1 : *listing.entries.rbegin(),
                                  out.checkpoint.value_or(-1));
  if (at.has_value() && *at > newest) {
    return ConfigurationError(
        "deltalake: the table has no such version yet: table=" + table.root() +
        " version=" + std::to_string(*at) + " newest=" + std::to_string(newest));
  }
  out.version = at.value_or(newest);
  const int64_t first = out.checkpoint.value_or(-1) + 1;
  for (int64_t version = first; version <= out.version; ++version) {
    // One that came while the folder was listed may be missing there, and its successor not.
    bool there = listing.entries.contains(version);
    if (!there) {
      ARROW_ASSIGN_OR_RAISE(const auto entry, table.Read(LogEntryPath(version), context));
      there = entry != nullptr;
    }
    if (there) {
      out.entries.push_back(version);
      continue;
    }
    if (out.checkpoint.has_value()) return Missing(table, version, "");
    if (at.has_value() && *listing.entries.begin() > 0) {
      return ConfigurationError(
          "deltalake: the log does not reach back to that version any more: table=" + table.root() +
          " version=" + std::to_string(*at));
    }
    return Missing(table, version, ", and there is no checkpoint that has what was in it");
  }
  return out;
}

}  // namespace ampload::deltalake
