#include "loaders/deltalake/log.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "ampload/fault_point.h"
#include "loaders/deltalake/checkpoint_writer.h"
#include "loaders/deltalake/log_segment.h"
#include "loaders/deltalake/read_in_order.h"

namespace ampload::deltalake {
namespace {

std::string EntryText(const std::vector<Action>& actions) {
  std::string text;
  for (const auto& action : actions) {
    text += ToJsonLine(action);
    text += '\n';
  }
  return text;
}

}  // namespace

std::string Log::At(const std::string& path) const {
  return "table=" + table_->root() + " file=" + path;
}

Result<Snapshot> Log::ReadLatest(const CallContext& context) { return Read(std::nullopt, context); }

Result<Snapshot> Log::ReadAt(int64_t version, const CallContext& context) {
  return Read(version, context);
}

Result<Snapshot> Log::Read(std::optional<int64_t> at, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto segment, FindSegment(*table_, at, context));
  Snapshot snapshot;
  if (segment.checkpoint.has_value()) {
    ARROW_RETURN_NOT_OK(
        ReadCheckpoint(*segment.checkpoint, segment.checkpoint_files, &snapshot, context));
  }
  ARROW_RETURN_NOT_OK(ReadInOrder(
      segment.entries, [&](const int64_t& version) { return ReadEntry(version, context); },
      [&](int64_t version, std::optional<Entry> entry) -> Status {
        const auto path = LogEntryPath(version);
        if (!entry.has_value()) {
          return PermanentError("deltalake: the log is damaged: an entry is missing: " + At(path));
        }
        return snapshot.Apply(version, std::move(entry->actions), At(path));
      }));
  return snapshot;
}

Result<std::optional<Log::Entry>> Log::ReadEntry(int64_t version, const CallContext& context) {
  const auto path = LogEntryPath(version);
  ARROW_ASSIGN_OR_RAISE(const auto bytes, table_->Read(path, context));
  if (bytes == nullptr) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(auto actions, ParseLogEntry(std::string_view(*bytes), At(path)));
  return Entry{version, std::move(actions)};
}

Result<std::vector<Log::Entry>> Log::Update(Snapshot* snapshot, const CallContext& context) {
  std::vector<Entry> out;
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(auto entry, ReadEntry(snapshot->version + 1, context));
    if (!entry.has_value()) return out;
    ARROW_RETURN_NOT_OK(
        snapshot->Apply(entry->version, entry->actions, At(LogEntryPath(entry->version))));
    out.push_back(*std::move(entry));
  }
}

Result<std::vector<Log::HistoryLine>> Log::History(int64_t limit, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto files, table_->List(kLogFolder, "", context));
  std::vector<lake::ObjectInfo> entries;
  for (const auto& file : files) {
    const auto name = ParseLogName(std::string_view(file.path).substr(file.path.rfind('/') + 1));
    if (name.has_value() && name->kind == LogName::Kind::kEntry) entries.push_back(file);
  }
  std::reverse(entries.begin(), entries.end());
  if (std::cmp_less(limit, entries.size())) entries.resize(static_cast<size_t>(limit));
  std::vector<HistoryLine> out;
  const auto version_of = [](const lake::ObjectInfo& file) {
    return ParseLogName(std::string_view(file.path).substr(file.path.rfind('/') + 1))->version;
  };
  ARROW_RETURN_NOT_OK(ReadInOrder(
      entries, [&](const lake::ObjectInfo& file) { return ReadEntry(version_of(file), context); },
      [&](const lake::ObjectInfo& file, std::optional<Entry> entry) {
        HistoryLine line{version_of(file), file.modified_ms, std::nullopt};
        if (!entry.has_value()) return Status::OK();  // cleaned up meanwhile
        for (auto& action : entry->actions) {
          if (auto* info = std::get_if<CommitInfo>(&action)) line.info = std::move(*info);
        }
        if (line.info.has_value() && line.info->in_commit_timestamp.has_value()) {
          line.timestamp_ms = *line.info->in_commit_timestamp;
        }
        out.push_back(std::move(line));
        return Status::OK();
      }));
  return out;
}

Result<lake::PutOutcome> Log::Put(int64_t version, const std::vector<Action>& actions,
                                  const CallContext& context) {
  return table_->PutIfAbsent(LogEntryPath(version), EntryText(actions), context);
}

Status Log::WriteCheckpoint(Snapshot* snapshot, int64_t keep_tombstones_after_ms,
                            const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto* files, ReadFiles(snapshot, context));
  ARROW_ASSIGN_OR_RAISE(const auto file,
                        MakeCheckpoint(*snapshot, *files, keep_tombstones_after_ms));
  AMPLOAD_FAULT_POINT("deltalake.checkpoint.before");
  ARROW_RETURN_NOT_OK(
      table_->Put(CheckpointPath(snapshot->version), std::string_view(*file.bytes), context));
  AMPLOAD_FAULT_POINT("deltalake.checkpoint.written");
  const nlohmann::ordered_json last = {{"version", snapshot->version},
                                       {"size", file.actions},
                                       {"sizeInBytes", file.bytes->size()},
                                       {"numOfAddFiles", file.adds}};
  ARROW_RETURN_NOT_OK(table_->Put(kLastCheckpoint, last.dump(), context));
  snapshot->checkpointed = snapshot->version;
  snapshot->LeaveUnread({.checkpoint = snapshot->version,
                         .paths = {CheckpointPath(snapshot->version)},
                         .adds = file.adds,
                         .said = file.adds});
  return Status::OK();
}

namespace {

// What the cleanup looks at, of one version.
struct OldFiles {
  std::vector<std::string> paths;
  int64_t entry_ms = std::numeric_limits<int64_t>::max();  // the entry's age
  bool has_entry = false;
  bool has_checkpoint = false;
};

}  // namespace

Result<int64_t> Log::CleanUp(int64_t before_ms, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto files, table_->List(kLogFolder, "", context));
  std::map<int64_t, OldFiles> versions;
  for (const auto& file : files) {
    const auto name = ParseLogName(std::string_view(file.path).substr(file.path.rfind('/') + 1));
    if (!name.has_value()) continue;
    auto& at = versions[name->version];
    at.paths.push_back(file.path);
    if (name->kind == LogName::Kind::kEntry) {
      at.has_entry = true;
      at.entry_ms = file.modified_ms;
    }
    // Only a checkpoint that is surely whole is one to begin from.
    if (name->kind == LogName::Kind::kCheckpoint && file.size > 0) at.has_checkpoint = true;
  }
  // The newest commit that is old enough, and the newest checkpoint up to it: what is before that
  // one is not needed.
  std::optional<int64_t> cut_off;
  for (const auto& [version, at] : versions) {
    if (at.has_entry && at.entry_ms > before_ms) break;
    if (at.has_entry && at.has_checkpoint) cut_off = version;
  }
  if (!cut_off.has_value()) return 0;
  std::vector<std::string> old;
  for (const auto& [version, at] : versions) {
    if (version >= *cut_off) break;
    old.insert(old.end(), at.paths.begin(), at.paths.end());
  }
  ARROW_RETURN_NOT_OK(table_->Delete(old, context));
  return static_cast<int64_t>(old.size());
}

}  // namespace ampload::deltalake
