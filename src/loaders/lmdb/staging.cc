#include "loaders/lmdb/staging.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "loaders/lmdb/lmdb_error.h"

namespace ampload::lmdb {
namespace {

// One row of the step. `prefix` is the key's first 8 bytes, big-endian, so that most comparisons
// touch no key.
struct Row {
  uint64_t prefix;
  uint32_t batch;
  uint32_t row;
};

uint64_t PrefixOf(std::string_view key) {
  unsigned char bytes[8] = {};
  std::memcpy(bytes, key.data(), std::min<size_t>(key.size(), 8));
  uint64_t prefix = 0;
  for (const unsigned char byte : bytes) prefix = prefix << 8 | byte;
  return prefix;
}

// Puts rows that come in ascending key order.
class Putter {
 public:
  Putter(Transaction& txn, const PutPlan& plan, const RowEncoder& encoder,
         const std::string& table_name, Cursor cursor, std::optional<std::string> last_key)
      : txn_(txn),
        plan_(plan),
        encoder_(encoder),
        table_name_(table_name),
        cursor_(std::move(cursor)),
        last_key_(std::move(last_key)) {}

  Status Put(const EncodedPairs& pairs, int64_t row, std::string_view key_bytes) {
    // Keys ascend: once one is above the table's last key, all that follow are.
    appending_ = appending_ || !last_key_.has_value() || key_bytes > *last_key_;
    MDB_val key = ToVal(key_bytes);
    MDB_val value = ToVal(pairs.values.row(row));
    if (appending_) {
      ARROW_RETURN_NOT_OK(Note(pairs, key_bytes, std::nullopt));
      return FromCode(mdb_cursor_put(cursor_.raw(), &key, &value, MDB_APPEND), "cannot write",
                      txn_.path());
    }
    const MDB_val wanted = value;
    const int code = mdb_cursor_put(cursor_.raw(), &key, &value, MDB_NOOVERWRITE);
    if (code == MDB_SUCCESS) return Note(pairs, key_bytes, std::nullopt);
    if (code != MDB_KEYEXIST) return FromCode(code, "cannot write", txn_.path());
    if (plan_.on_duplicate == DuplicatePolicy::kFail) return AlreadyThere(pairs, row, key_bytes);
    ARROW_RETURN_NOT_OK(Note(pairs, key_bytes, ToView(value)));
    value = wanted;
    return FromCode(mdb_cursor_put(cursor_.raw(), &key, &value, 0), "cannot write", txn_.path());
  }

 private:
  Status Note(const EncodedPairs& pairs, std::string_view key,
              std::optional<std::string_view> previous) {
    if (plan_.undo == nullptr || plan_.all_above) return Status::OK();
    if (plan_.not_above.has_value() && key > *plan_.not_above) return Status::OK();
    return plan_.undo->Add(plan_.note_as.value_or(pairs.batch_id), key, previous);
  }

  Status AlreadyThere(const EncodedPairs& pairs, int64_t row, std::string_view key) const {
    return DataError(
        "lmdb: a row with this key is already in the table; load it with --on-duplicate replace, "
        "with "
        "--mode overwrite, or leave it out: table=" +
        table_name_ + " " + encoder_.DescribeKey(key) +
        " row=" + std::to_string(pairs.first_row + row) +
        (pairs.origin.empty() ? "" : " file=" + pairs.origin));
  }

  Transaction& txn_;
  const PutPlan& plan_;
  const RowEncoder& encoder_;
  const std::string& table_name_;
  Cursor cursor_;
  std::optional<std::string> last_key_;
  bool appending_ = false;
};

// True where the batches, one after the other, already ascend.
bool Ascends(const std::vector<std::unique_ptr<EncodedPairs>>& batches) {
  std::string_view last;
  bool first = true;
  for (const auto& pairs : batches) {
    if (pairs->rows() == 0) continue;
    if (!pairs->keys->ascending) return false;
    if (!first && !(last < pairs->keys->key(0))) return false;
    last = pairs->keys->key(pairs->rows() - 1);
    first = false;
  }
  return true;
}

std::vector<Row> SortedRows(const std::vector<std::unique_ptr<EncodedPairs>>& batches,
                            int64_t count) {
  std::vector<Row> rows;
  rows.reserve(static_cast<size_t>(count));
  for (uint32_t b = 0; b < batches.size(); ++b) {
    for (int64_t r = 0; r < batches[b]->rows(); ++r) {
      rows.push_back({PrefixOf(batches[b]->keys->key(r)), b, static_cast<uint32_t>(r)});
    }
  }
  const auto key = [&](const Row& row) { return batches[row.batch]->keys->key(row.row); };
  std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    if (const int order = key(a).compare(key(b)); order != 0) return order < 0;
    return a.batch != b.batch ? a.batch < b.batch : a.row < b.row;  // equal keys by arrival
  });
  return rows;
}

}  // namespace

void Staging::Add(std::unique_ptr<EncodedPairs> pairs) {
  rows_ += pairs->rows();
  bytes_ += pairs->size_bytes();
  batches_.push_back(std::move(pairs));
}

bool Staging::AscendsAbove(const std::optional<std::string>& key) const {
  const auto filled = std::find_if(batches_.begin(), batches_.end(),
                                   [](const auto& pairs) { return pairs->rows() > 0; });
  if (filled == batches_.end() || !(*filled)->keys.has_value()) return true;
  return (!key.has_value() || (*filled)->keys->key(0) > *key) && Ascends(batches_);
}

void Staging::Clear() {
  batches_.clear();
  rows_ = 0;
  bytes_ = 0;
}

Status Staging::PutAll(Transaction& txn, const PutPlan& plan, const RowEncoder& encoder,
                       const std::string& table_name) const {
  if (rows_ == 0) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto last_key, txn.LastKey(plan.table));
  uint64_t next_number = 0;
  const bool numbered = !batches_.front()->keys.has_value();
  if (numbered && last_key.has_value()) {
    ARROW_ASSIGN_OR_RAISE(next_number, RowNumberOf(*last_key));
    ++next_number;
  }
  ARROW_ASSIGN_OR_RAISE(auto cursor, Cursor::Open(txn, plan.table));
  Putter putter(txn, plan, encoder, table_name, std::move(cursor), std::move(last_key));

  if (numbered || Ascends(batches_)) {
    for (const auto& pairs : batches_) {
      for (int64_t row = 0; row < pairs->rows(); ++row) {
        ARROW_RETURN_NOT_OK(numbered ? putter.Put(*pairs, row, RowNumberKey(next_number++))
                                     : putter.Put(*pairs, row, pairs->keys->key(row)));
      }
    }
    return Status::OK();
  }
  const auto rows = SortedRows(batches_, rows_);
  const auto key = [&](const Row& row) { return batches_[row.batch]->keys->key(row.row); };
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    if (i + 1 < rows.size() && rows[i + 1].prefix == row.prefix && key(rows[i + 1]) == key(row)) {
      if (plan.on_duplicate == DuplicatePolicy::kReplace) continue;  // the later one is put
      const auto place = [&](const Row& at) {
        return std::to_string(batches_[at.batch]->first_row + at.row);
      };
      return DataError(
          "lmdb: two rows of this load have the same key; choose key columns that tell rows apart, "
          "or "
          "load with --on-duplicate replace: table=" +
          table_name + " " + encoder.DescribeKey(key(row)) + " rows=" + place(row) + "," +
          place(rows[i + 1]));
    }
    ARROW_RETURN_NOT_OK(putter.Put(*batches_[row.batch], row.row, key(row)));
  }
  return Status::OK();
}

}  // namespace ampload::lmdb
