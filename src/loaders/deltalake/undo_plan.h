// Which files a reorganisation takes out of the table: those that hold undone batches alone go as
// they are; those that mix them with others are written anew without them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ampload/batch_id.h"
#include "ampload/call_context.h"
#include "lake/object_store.h"
#include "loaders/deltalake/deltalake_config.h"
#include "loaders/deltalake/snapshot.h"

namespace ampload::deltalake {

// What a file's statistics and tags say of the batches in it.
struct FileBatches {
  bool known = false;  // false: only its rows say
  bool any = true;     // known: false where no row is of a batch
  int64_t low = 0;     // known, any: the least and the greatest
  int64_t high = 0;
  BatchIdSet exact;  // all of them, where they are known one by one and no row is without one
};

// Finds files by their batches. Keeps what it has learned of each from one question to the next:
// of a table that has changed a little it looks at the changes alone. One thread.
class BatchFinder {
 public:
  struct Found {
    const FileKey* key;
    const AddFile* file;  // one of `files`
    const FileBatches* batches;
  };
  // Those files, of that table, that may have rows of the batches. Good until the next question.
  std::vector<Found> Holding(const Snapshot& snapshot, const TableFiles& files,
                             const BatchIdSet& batches);

  // Batches that none of those files, of that table, can have rows of.
  std::vector<BatchId> Missing(const Snapshot& snapshot, const TableFiles& files,
                               const BatchIdSet& batches);

 private:
  void LookAt(const Snapshot& snapshot, const TableFiles& files);
  void Enter(const Snapshot& snapshot, const FileKey& key, const AddFile& file);
  void Leave(const FileKey& key);

  TableFiles::State state_;  // of the files that it knows
  std::unordered_map<FileKey, FileBatches, FileKeyHash> known_;
  // By their greatest batch. Files of no batch are left out; of which nothing is known, come last.
  std::set<std::pair<int64_t, const FileKey*>> by_batch_;
};

// What became of the undone batches' files in one snapshot. Rewritten files lie in the table's
// folder; DiscardRewritten deletes those that were not committed.
class UndoPlan {
 public:
  UndoPlan(std::shared_ptr<lake::ObjectStore> table, DeltaLakeStorageConfig config,
           int64_t memory_bytes);

  // Removes and adds that take `batches` out of the snapshot, whose files are given. May be asked
  // again for a newer one: what was written for files that are still there is used again.
  Result<std::vector<Action>> Make(const Snapshot& snapshot, const TableFiles& files,
                                   const BatchIdSet& batches, BatchFinder& finder, int64_t now_ms,
                                   const CallContext& context);

  std::vector<std::string> rewritten() const;  // all that was written for the snapshots so far
  void DiscardRewritten();
  void Forget();  // they are committed

 private:
  struct Rewritten {
    bool changed = false;       // false: none of the batches is in it after all
    std::vector<AddFile> adds;  // what stays of it
    std::vector<std::string> paths;
  };
  Result<Rewritten> Rewrite(const Snapshot& snapshot, const AddFile& file,
                            const BatchIdSet& batches, const FileBatches& found,
                            const CallContext& context);

  std::shared_ptr<lake::ObjectStore> table_;
  DeltaLakeStorageConfig config_;
  int64_t memory_bytes_;
  std::unordered_map<FileKey, Rewritten, FileKeyHash> rewritten_;
};

}  // namespace ampload::deltalake
