#include "loaders/lmdb/undo_log.h"

#include <limits>
#include <utility>
#include <vector>

#include "base/hex.h"
#include "loaders/lmdb/lmdb_error.h"

namespace ampload::lmdb {
namespace {

constexpr size_t kChunkBytes = 64 << 10;
constexpr char kAbsent = 0;
constexpr char kPrevious = 1;

void PutNumber(std::string& out, uint64_t number, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(number >> shift & 0xff));
}
uint64_t GetNumber(std::string_view bytes) {
  uint64_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

struct Record {
  std::string_view key;
  std::optional<std::string_view> previous;
};

// Splits a chunk; refuses one whose lengths do not add up.
Result<std::vector<Record>> Parse(std::string_view bytes) {
  std::vector<Record> records;
  const auto take = [&](size_t n) -> Result<std::string_view> {
    if (bytes.size() < n)
      return PermanentError("lmdb: a chunk of the undo log is damaged: database=__ampload__/undo");
    const auto taken = bytes.substr(0, n);
    bytes.remove_prefix(n);
    return taken;
  };
  while (!bytes.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto kind, take(1));
    ARROW_ASSIGN_OR_RAISE(const auto key_size, take(2));
    Record record;
    ARROW_ASSIGN_OR_RAISE(record.key, take(GetNumber(key_size)));
    if (kind[0] == kPrevious) {
      ARROW_ASSIGN_OR_RAISE(const auto value_size, take(4));
      ARROW_ASSIGN_OR_RAISE(record.previous, take(GetNumber(value_size)));
    }
    records.push_back(record);
  }
  return records;
}

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

Status UndoLog::Add(int64_t batch, std::string_view key, std::optional<std::string_view> previous) {
  auto& records = pending_[batch];
  records.push_back(previous.has_value() ? kPrevious : kAbsent);
  PutNumber(records, key.size(), 2);
  records += key;
  if (previous.has_value()) {
    if (previous->size() > std::numeric_limits<uint32_t>::max()) {
      return DataError("lmdb: a row over 4 GiB cannot be replaced: length=" +
                       std::to_string(previous->size()));
    }
    PutNumber(records, previous->size(), 4);
    records += *previous;
  }
  return records.size() < kChunkBytes ? Status::OK() : FlushBatch(batch, records);
}

Status UndoLog::Flush() {
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

Status UndoLog::RevertChunk(std::string_view bytes, MDB_dbi table, int64_t* rows) {
  ARROW_ASSIGN_OR_RAISE(const auto records, Parse(bytes));
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    ARROW_RETURN_NOT_OK(record->previous.has_value()
                            ? txn_->Put(table, record->key, *record->previous)
                            : txn_->Delete(table, record->key));
  }
  *rows += static_cast<int64_t>(records.size());
  return Status::OK();
}

Result<bool> UndoLog::Revert(int64_t batch, MDB_dbi table, int64_t max_rows) {
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
    ARROW_RETURN_NOT_OK(RevertChunk(records, table, &rows));
    ARROW_RETURN_NOT_OK(txn_->Delete(*dbi_, *chunk));
  }
  return true;
}

Status UndoLog::Forget(int64_t batch) { return ForgetPrefix(BatchPrefix(batch)); }
Status UndoLog::ForgetAll() { return ForgetPrefix(prefix_); }

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
        ++batches[static_cast<int64_t>(GetNumber(key.substr(prefix_.size(), 8)))];
        return true;
      }));
  return batches;
}

}  // namespace ampload::lmdb
