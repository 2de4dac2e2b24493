// The log of a Delta table: reads it, and adds to it. Knows nothing of what a commit means.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/call_context.h"
#include "lake/object_store.h"
#include "loaders/deltalake/log_names.h"
#include "loaders/deltalake/snapshot.h"

namespace ampload::deltalake {

// One table's log. One thread at a time.
class Log {
 public:
  // `table`: its root is the table's folder.
  explicit Log(std::shared_ptr<lake::ObjectStore> table) : table_(std::move(table)) {}

  // The newest version; !exists() where there is no log at all. The files that its checkpoint tells
  // of stay unread. Permanent failures: a damaged or missing entry or checkpoint, a folder with
  // other files in it but no log ("not a Delta table").
  Result<Snapshot> ReadLatest(const CallContext& context);

  // That version. A configuration error where the log does not hold it any more, or not yet.
  Result<Snapshot> ReadAt(int64_t version, const CallContext& context);

  // The snapshot's files, after reading those that are unread; see Snapshot::files. Where a
  // clean-up has deleted the checkpoint meanwhile the version is read again from what is there.
  // Permanent failures: that cannot be done; a damaged checkpoint, or one that disagrees with
  // _last_checkpoint.
  Result<const TableFiles*> ReadFiles(Snapshot* snapshot, const CallContext& context);

  // Has the table no file at all? Reads files only where nothing else tells.
  Result<bool> IsEmpty(Snapshot* snapshot, const CallContext& context);

  // The entries after `snapshot`, applied to it, oldest first; each is also handed out.
  struct Entry {
    int64_t version = 0;
    std::vector<Action> actions;
  };
  Result<std::vector<Entry>> Update(Snapshot* snapshot, const CallContext& context);

  // The entry of that version, or nullopt.
  Result<std::optional<Entry>> ReadEntry(int64_t version, const CallContext& context);

  // The newest entries first, at most `limit`: version, file time, commit info. For history.
  struct HistoryLine {
    int64_t version = 0;
    int64_t timestamp_ms = 0;  // in-commit timestamp where there is one, else the file's
    std::optional<CommitInfo> info;
  };
  Result<std::vector<HistoryLine>> History(int64_t limit, const CallContext& context);

  // Puts the entry if nobody has put that version: see ObjectStore::PutIfAbsent.
  Result<lake::PutOutcome> Put(int64_t version, const std::vector<Action>& actions,
                               const CallContext& context);

  // A classic checkpoint of the snapshot, whose files are read, and _last_checkpoint. Tombstones
  // that are older than `keep_tombstones_after_ms` are left out. After success the snapshot has its
  // files there and no longer in memory.
  Status WriteCheckpoint(Snapshot* snapshot, int64_t keep_tombstones_after_ms,
                         const CallContext& context);

  // "Metadata Cleanup": deletes entries and checkpoints that are older than `before_ms` and not
  // needed for a version that is kept. How many files went.
  Result<int64_t> CleanUp(int64_t before_ms, const CallContext& context);

 private:
  Result<Snapshot> Read(std::optional<int64_t> at, const CallContext& context);
  Status ReadCheckpoint(int64_t version, const std::vector<std::string>& files, Snapshot* snapshot,
                        const CallContext& context);
  // Where a file of the snapshot's checkpoint is missing.
  Result<const TableFiles*> ReadFilesAnew(Snapshot* snapshot, const Status& missing,
                                          const CallContext& context);
  Result<TableFiles> FilesOfCheckpoint(const UnreadFiles& unread, const CallContext& context);
  // What _last_checkpoint says of that checkpoint: how many files it has.
  Result<std::optional<int64_t>> HintedAdds(int64_t version, const CallContext& context) const;
  std::string At(const std::string& path) const;

  std::shared_ptr<lake::ObjectStore> table_;
};

}  // namespace ampload::deltalake
