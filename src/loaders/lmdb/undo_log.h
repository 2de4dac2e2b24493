// How to take rows back: for each batch the keys that it wrote, and what stood there before. Kept
// in the named database `__ampload__/undo`.
//
//   key    table uuid (16 bytes) | batch id (8, big-endian) | chunk (4, big-endian)
//   value  records, in the order of writing: undo_chunk.h
//
//   key    table uuid (16 bytes)
//   value  empty: some batch of this table did more than add new keys, so that the order of batches
//          matters (see ForgetFinal)
//
// A chunk is about 64 KiB, or one larger record. Everything happens in the caller's transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "ampload/batch_id.h"
#include "ampload/status.h"
#include "encode/row_format_encoder.h"
#include "loaders/lmdb/environment.h"
#include "loaders/lmdb/undo_chunk.h"
#include "stream/undo_records.h"

namespace ampload::lmdb {

inline constexpr char kUndoLogName[] = "__ampload__/undo";

class UndoLog {
 public:
  // `uuid` is the table's, 32 hex digits. Without `create`, a missing log reads as empty.
  static Result<UndoLog> Open(Transaction& txn, std::string_view uuid, bool create);

  // Notes one write of `batch`, in the order of writing. `previous` is what stood there; none: the
  // key was not there. `change` is given only where a merge set some columns and kept the others,
  // or made a row of them because the key was not there: the row's own columns, encoded, as
  // encode::OverlayRow takes them. Buffered: call Flush before the transaction's commit.
  Status Add(int64_t batch, std::string_view key, std::optional<std::string_view> previous,
             std::optional<std::string_view> change = std::nullopt);
  // Notes that `batch` deleted the key. A stream notes it also where the key was not there: the
  // delete must stay one when an older batch is taken back.
  Status AddDelete(int64_t batch, std::string_view key, std::optional<std::string_view> previous);
  Status Flush();

  // Takes back at most about `max_rows` rows of `batch` in `table`, newest first, and forgets them.
  // A row of several pages counts as so many. False while some are left. Right only where no newer
  // batch that stays touched the same keys.
  Result<bool> Revert(int64_t batch, MDB_dbi table, int64_t max_rows);

  // Takes all of these back and forgets them. Where a newer batch that stays touched the same keys,
  // it stays as src/stream/undo_records.h says. Flushes first. After a failure the transaction must
  // be aborted.
  Status RevertBatches(const BatchIdSet& batches, MDB_dbi table, encode::ValueFormat format);
  Status RevertBatches(const BatchIdSet& batches, MDB_dbi table, const stream::Reapply& reapply);

  Status Forget(int64_t batch);
  Status ForgetAll();  // of this table

  // Forgets the batches of `slot` that nobody will take back: those that are not in `undoable`. A
  // final batch behind an undoable one is kept until that one is final too, where the table's
  // batches did more than add new keys: its records say what the older one's undo must leave alone.
  Status ForgetFinal(const BatchIdSet& undoable, int64_t slot);

  // The batches that have records, ascending.
  Result<std::map<int64_t, int64_t>> CountChunks();

 private:
  friend class UndoSplice;

  UndoLog(Transaction& txn, std::string prefix, std::optional<MDB_dbi> dbi)
      : txn_(&txn), prefix_(std::move(prefix)), dbi_(dbi) {}
  Status Note(int64_t batch, const UndoNote& note);
  std::string BatchPrefix(int64_t batch) const;
  Status FlushBatch(int64_t batch, std::string& records);
  using KeyFilter = std::function<bool(std::string_view)>;  // empty: every key
  // Revert, but leaves the keys alone that are not wanted; their records go, too.
  Result<bool> RevertWanted(int64_t batch, MDB_dbi table, int64_t max_rows,
                            const KeyFilter& wanted);
  Status RevertChunk(std::string_view records, MDB_dbi table, const KeyFilter& wanted,
                     int64_t* rows);
  Status ForgetPrefix(const std::string& prefix);

  Transaction* txn_;
  std::string prefix_;
  std::optional<MDB_dbi> dbi_;
  std::map<int64_t, std::string> pending_;
  bool more_than_insertions_ = false;  // noted by this object
};

}  // namespace ampload::lmdb
