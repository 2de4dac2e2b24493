// One key after the other into a table, in ascending order, with a note of how to take it back.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ampload/load_mode.h"
#include "ampload/status.h"
#include "loaders/lmdb/environment.h"
#include "loaders/lmdb/row_encoder.h"
#include "loaders/lmdb/undo_log.h"

namespace ampload::lmdb {

// What a row does with the one that has its key already.
enum class PutRule {
  kAdd,      // on_duplicate decides
  kReplace,  // upsert: takes its place
  kMerge,    // `_op` decides; the columns that the rows lack stay as they are
};

// Where rows go and what is noted about them.
struct PutPlan {
  MDB_dbi table = 0;
  PutRule rule = PutRule::kAdd;
  DuplicatePolicy on_duplicate = DuplicatePolicy::kFail;
  encode::ValueFormat format = encode::ValueFormat::kMsgpack;
  const arrow::Schema* columns = nullptr;  // the table's; kMerge
  // Notes every row that is put, in `undo`; null: none is noted.
  UndoLog* undo = nullptr;
  // Rows above this key need no note: they are undone by their place. Absent: every row is noted.
  std::optional<std::string> not_above;
  bool all_above = false;          // the table had no rows: no row needs a note
  std::optional<int64_t> note_as;  // the batch id to note under; absent: each row's own
  // The order values that rows of earlier steps of this commit had, by key: a row below its key's
  // is not put. Absent: there were no earlier steps, or rows come in their order.
  std::optional<MDB_dbi> order;
  bool note_order = false;  // later steps follow: keep the values up to date
};

// One row among the staged ones.
struct StagedRow {
  const EncodedPairs* pairs = nullptr;
  int64_t row = 0;

  std::string_view value() const { return pairs->values.row(row); }
  RowOp op() const { return pairs->op(row); }
  std::string_view order() const { return pairs->order->at(static_cast<size_t>(row)); }
  std::string Place() const;  // "row=7 file=x.parquet"
};

class RowPutter {
 public:
  // All must outlive the putter.
  static Result<RowPutter> Open(Transaction& txn, const PutPlan& plan, const RowEncoder& encoder,
                                const std::string& table_name);

  // The table's last key when the putter was opened.
  const std::optional<std::string>& last_key() const { return last_key_; }

  // kAdd. A key that the table has is a data error under kFail.
  Status Add(const StagedRow& row, std::string_view key);

  // kReplace, kMerge: all rows of one key, in the order in which they apply. An `insert` whose key
  // is there, an `update` whose key is not, and a new row that lacks a column which is never null
  // are data errors.
  Status Fold(std::span<const StagedRow> rows, std::string_view key);

 private:
  // What becomes of a key.
  struct Outcome {
    std::optional<std::string_view> image;   // none: the key goes
    std::optional<std::string_view> change;  // the columns that were set, where others were kept
  };

  RowPutter(Transaction& txn, const PutPlan& plan, const RowEncoder& encoder,
            const std::string& table_name, Cursor cursor, std::optional<std::string> last_key)
      : txn_(&txn),
        plan_(&plan),
        encoder_(&encoder),
        table_name_(&table_name),
        cursor_(std::move(cursor)),
        last_key_(std::move(last_key)) {}

  // Keys ascend: once one is above the table's last key, all that follow are.
  bool IsAbove(std::string_view key);
  bool NeedsNote(std::string_view key) const;
  int64_t NoteAs(const StagedRow& row) const {
    return plan_->note_as.value_or(row.pairs->batch_id);
  }
  Result<std::optional<std::string_view>> Find(std::string_view key);
  Status Put(std::string_view key, std::string_view value, unsigned flags);
  Status Replace(const StagedRow& row, std::string_view key);
  Status Merge(std::span<const StagedRow> rows, std::string_view key);
  Result<Outcome> Apply(std::span<const StagedRow> rows, std::string_view key,
                        std::optional<std::string_view> previous);
  // Rows below the order value that their key has had in this commit are left out.
  Result<std::span<const StagedRow>> NotSuperseded(std::span<const StagedRow> rows,
                                                   std::string_view key);
  bool IsPartial(const EncodedPairs& pairs);
  Status CheckMayBeNew(const StagedRow& row, std::string_view key) const;
  Status Refuse(std::string_view what, const StagedRow& row, std::string_view key) const;

  Transaction* txn_;
  const PutPlan* plan_;
  const RowEncoder* encoder_;
  const std::string* table_name_;
  Cursor cursor_;
  std::optional<std::string> last_key_;
  bool above_ = false;
  std::string overlaid_;                                    // the image that Apply made
  std::unordered_map<const arrow::Schema*, bool> partial_;  // by the rows' columns
};

}  // namespace ampload::lmdb
