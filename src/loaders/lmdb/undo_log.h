// How to take rows back: for each batch the keys that it wrote, and what stood there before. Kept
// in the named database `__ampload__/undo`.
//
//   key    table uuid (16 bytes) | batch id (8, big-endian) | chunk (4, big-endian)
//   value  records, one after the other, in the order of writing:
//            00 | key length (2, big-endian) | key                                   the key was
//            not there 01 | key length (2) | key | value length (4, big-endian) | value        it
//            had this value
//
// A chunk is about 64 KiB. Taking a batch back goes through its chunks from the last to the first,
// and through each chunk's records backwards. Everything happens in the caller's transaction.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "ampload/status.h"
#include "loaders/lmdb/environment.h"

namespace ampload::lmdb {

inline constexpr char kUndoLogName[] = "__ampload__/undo";

class UndoLog {
 public:
  // `uuid` is the table's, 32 hex digits. Without `create`, a missing log reads as empty.
  static Result<UndoLog> Open(Transaction& txn, std::string_view uuid, bool create);

  // Notes one write of `batch`. Buffered: call Flush before the transaction's commit.
  Status Add(int64_t batch, std::string_view key, std::optional<std::string_view> previous);
  Status Flush();

  // Takes back at most about `max_rows` rows of `batch` in `table`, newest first, and forgets them.
  // False while some are left.
  Result<bool> Revert(int64_t batch, MDB_dbi table, int64_t max_rows);

  Status Forget(int64_t batch);
  Status ForgetAll();  // of this table

  // The batches that have records, ascending.
  Result<std::map<int64_t, int64_t>> CountChunks();

 private:
  UndoLog(Transaction& txn, std::string prefix, std::optional<MDB_dbi> dbi)
      : txn_(&txn), prefix_(std::move(prefix)), dbi_(dbi) {}
  std::string BatchPrefix(int64_t batch) const;
  Status FlushBatch(int64_t batch, std::string& records);
  Status RevertChunk(std::string_view records, MDB_dbi table, int64_t* rows);
  Status ForgetPrefix(const std::string& prefix);

  Transaction* txn_;
  std::string prefix_;
  std::optional<MDB_dbi> dbi_;
  std::map<int64_t, std::string> pending_;
};

}  // namespace ampload::lmdb
