#include "loaders/lmdb/undo_log.h"

#include <utility>
#include <vector>

#include "ampload/fault_point.h"
#include "base/hex.h"
#include "loaders/lmdb/lmdb_error.h"

namespace ampload::lmdb {
namespace {

constexpr size_t kChunkBytes = 64 << 10;
constexpr size_t kPage = 4096;

}  // namespace

Result<UndoLog> UndoLog::Open(Transaction& txn, std::string_view uuid, bool create) {
  ARROW_ASSIGN_OR_RAISE(auto prefix, base::FromHex(uuid));
  ARROW_ASSIGN_OR_RAISE(const auto dbi, txn.OpenDatabase(kUndoLogName, create));
  return UndoLog(txn, std::move(prefix), dbi);
}

std::string UndoLog::BatchPrefix(int64_t batch) const {
  std::string prefix = prefix_;
  PutNumber(prefix, static_cast<uint64_t>(batch), 8);
  return prefix;
}

Status UndoLog::Add(int64_t batch, std::string_view key, std::optional<std::string_view> previous,
                    std::optional<std::string_view> change) {
  const auto kind = change.has_value() ? stream::WriteKind::kChanged : stream::WriteKind::kReplaced;
  return Note(batch, {kind, key, previous, change.value_or("")});
}

Status UndoLog::AddDelete(int64_t batch, std::string_view key,
                          std::optional<std::string_view> previous) {
  return Note(batch, {stream::WriteKind::kDeleted, key, previous, ""});
}

Status UndoLog::Note(int64_t batch, const UndoNote& note) {
  if (!AMPLOAD_SAFEGUARD("undo_log")) return Status::OK();
  auto& records = pending_[batch];
  ARROW_RETURN_NOT_OK(AppendNote(note, records));
  more_than_insertions_ = more_than_insertions_ || !note.is_insertion();
  return records.size() < kChunkBytes ? Status::OK() : FlushBatch(batch, records);
}

Status UndoLog::Flush() {
  if (more_than_insertions_) ARROW_RETURN_NOT_OK(txn_->Put(*dbi_, prefix_, ""));
  for (auto& [batch, records] : pending_) ARROW_RETURN_NOT_OK(FlushBatch(batch, records));
  return Status::OK();
}

Status UndoLog::FlushBatch(int64_t batch, std::string& records) {
  if (records.empty()) return Status::OK();
  // The number after the batch's last chunk: the key before the next batch's first one.
  const std::string prefix = BatchPrefix(batch);
  uint64_t chunk = 0;
  {
    ARROW_ASSIGN_OR_RAISE(auto cursor, Cursor::Open(*txn_, *dbi_));
    std::string beyond = prefix + std::string(5, '\xff');
    MDB_val key = ToVal(beyond);
    MDB_val value;
    ARROW_ASSIGN_OR_RAISE(const bool found, cursor.Move(&key, &value, MDB_SET_RANGE));
    ARROW_ASSIGN_OR_RAISE(const bool before,
                          cursor.Move(&key, &value, found ? MDB_PREV : MDB_LAST));
    if (before && ToView(key).starts_with(prefix))
      chunk = GetNumber(ToView(key).substr(prefix.size())) + 1;
  }
  std::string key = prefix;
  PutNumber(key, chunk, 4);
  ARROW_RETURN_NOT_OK(txn_->Put(*dbi_, key, records));
  records.clear();
  return Status::OK();
}

Status UndoLog::RevertChunk(std::string_view bytes, MDB_dbi table, const KeyFilter& wanted,
                            int64_t* rows) {
  ARROW_ASSIGN_OR_RAISE(const auto records, ParseChunk(bytes));
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    if (wanted != nullptr && !wanted(record->key)) continue;
    ARROW_RETURN_NOT_OK(record->previous.has_value()
                            ? txn_->Put(table, record->key, *record->previous)
                            : txn_->Delete(table, record->key));
    *rows += 1 + static_cast<int64_t>(record->previous.value_or("").size() / kPage);
  }
  return Status::OK();
}

Result<bool> UndoLog::Revert(int64_t batch, MDB_dbi table, int64_t max_rows) {
  return RevertWanted(batch, table, max_rows, nullptr);
}

Result<bool> UndoLog::RevertWanted(int64_t batch, MDB_dbi table, int64_t max_rows,
                                   const KeyFilter& wanted) {
  if (!dbi_.has_value()) return true;
  const std::string prefix = BatchPrefix(batch);
  std::vector<std::string> chunks;  // keys, ascending
  ARROW_RETURN_NOT_OK(txn_->ForEachPrefix(
      *dbi_, prefix, [&](std::string_view key, std::string_view) -> Result<bool> {
        chunks.emplace_back(key);
        return true;
      }));
  int64_t rows = 0;
  for (auto chunk = chunks.rbegin(); chunk != chunks.rend(); ++chunk) {
    if (rows >= max_rows) return false;
    ARROW_ASSIGN_OR_RAISE(const auto found, txn_->Get(*dbi_, *chunk));
    // A copy: the bytes move when this transaction writes.
    const std::string records(found.value_or(std::string_view()));
    ARROW_RETURN_NOT_OK(RevertChunk(records, table, wanted, &rows));
    ARROW_RETURN_NOT_OK(txn_->Delete(*dbi_, *chunk));
  }
  return true;
}

Status UndoLog::Forget(int64_t batch) { return ForgetPrefix(BatchPrefix(batch)); }
Status UndoLog::ForgetAll() { return ForgetPrefix(prefix_); }

Status UndoLog::ForgetFinal(const BatchIdSet& undoable, int64_t slot) {
  if (!dbi_.has_value()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto noted, CountChunks());
  ARROW_ASSIGN_OR_RAISE(const auto in_order, txn_->Get(*dbi_, prefix_));
  const bool order_matters = in_order.has_value();
  for (const auto& [batch, chunks] : noted) {
    if (BatchId(batch).slot() != slot) continue;
    if (!undoable.contains(BatchId(batch))) {
      ARROW_RETURN_NOT_OK(Forget(batch));
    } else if (order_matters) {
      break;  // what is behind it stays as long as it may be taken back
    }
  }
  return Status::OK();
}

Status UndoLog::ForgetPrefix(const std::string& prefix) {
  if (!dbi_.has_value()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto cursor, Cursor::Open(*txn_, *dbi_));
  for (;;) {
    MDB_val key = ToVal(prefix);
    MDB_val value;
    ARROW_ASSIGN_OR_RAISE(const bool found, cursor.Move(&key, &value, MDB_SET_RANGE));
    if (!found || !ToView(key).starts_with(prefix)) return Status::OK();
    ARROW_RETURN_NOT_OK(FromCode(mdb_cursor_del(cursor.raw(), 0), "cannot delete", txn_->path()));
  }
}

Result<std::map<int64_t, int64_t>> UndoLog::CountChunks() {
  std::map<int64_t, int64_t> batches;
  if (!dbi_.has_value()) return batches;
  ARROW_RETURN_NOT_OK(txn_->ForEachPrefix(
      *dbi_, prefix_, [&](std::string_view key, std::string_view) -> Result<bool> {
        if (key.size() == prefix_.size()) return true;
        ++batches[static_cast<int64_t>(GetNumber(key.substr(prefix_.size(), 8)))];
        return true;
      }));
  return batches;
}

}  // namespace ampload::lmdb
