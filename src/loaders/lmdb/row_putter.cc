#include "loaders/lmdb/row_putter.h"

#include <algorithm>
#include <utility>

#include "encode/row_overlay.h"
#include "loaders/lmdb/lmdb_error.h"

namespace ampload::lmdb {
namespace {

// What is kept of a key's order: a byte, then the value.
constexpr char kOnlyUpserts = 0;
constexpr char kOtherOps = 1;

}  // namespace

std::string StagedRow::Place() const {
  return "row=" + std::to_string(pairs->first_row + row) +
         (pairs->origin.empty() ? "" : " file=" + pairs->origin);
}

Result<RowPutter> RowPutter::Open(Transaction& txn, const PutPlan& plan, const RowEncoder& encoder,
                                  const std::string& table_name) {
  ARROW_ASSIGN_OR_RAISE(auto last_key, txn.LastKey(plan.table));
  ARROW_ASSIGN_OR_RAISE(auto cursor, Cursor::Open(txn, plan.table));
  return RowPutter(txn, plan, encoder, table_name, std::move(cursor), std::move(last_key));
}

bool RowPutter::IsAbove(std::string_view key) {
  above_ = above_ || !last_key_.has_value() || key > *last_key_;
  return above_;
}

bool RowPutter::NeedsNote(std::string_view key) const {
  if (plan_->undo == nullptr || plan_->all_above) return false;
  return !plan_->not_above.has_value() || key <= *plan_->not_above;
}

Result<std::optional<std::string_view>> RowPutter::Find(std::string_view key) {
  if (IsAbove(key)) return std::nullopt;
  MDB_val k = ToVal(key);
  MDB_val value;
  ARROW_ASSIGN_OR_RAISE(const bool found, cursor_.Move(&k, &value, MDB_SET_KEY));
  if (!found) return std::nullopt;
  return ToView(value);
}

Status RowPutter::Put(std::string_view key, std::string_view value, unsigned flags) {
  MDB_val k = ToVal(key);
  MDB_val v = ToVal(value);
  return FromCode(mdb_cursor_put(cursor_.raw(), &k, &v, flags), "cannot write", txn_->path());
}

Status RowPutter::Add(const StagedRow& row, std::string_view key) {
  if (IsAbove(key)) {
    if (NeedsNote(key)) {
      ARROW_RETURN_NOT_OK(plan_->undo->Add(NoteAs(row), key, std::nullopt));
    }
    return Put(key, row.value(), MDB_APPEND);
  }
  MDB_val k = ToVal(key);
  MDB_val value = ToVal(row.value());
  const int code = mdb_cursor_put(cursor_.raw(), &k, &value, MDB_NOOVERWRITE);
  if (code != MDB_SUCCESS && code != MDB_KEYEXIST) {
    return FromCode(code, "cannot write", txn_->path());
  }
  const bool exists = code == MDB_KEYEXIST;
  if (exists && plan_->on_duplicate == DuplicatePolicy::kFail) {
    return Refuse(
        "a row with this key is already in the table; load it with --on-duplicate replace, with "
        "--mode overwrite, or leave it out",
        row, key);
  }
  if (NeedsNote(key)) {
    // `value` is what stands there, where something does.
    ARROW_RETURN_NOT_OK(
        plan_->undo->Add(NoteAs(row), key, exists ? std::optional(ToView(value)) : std::nullopt));
  }
  return exists ? Put(key, row.value(), 0) : Status::OK();
}

Status RowPutter::Fold(std::span<const StagedRow> rows, std::string_view key) {
  ARROW_ASSIGN_OR_RAISE(rows, NotSuperseded(rows, key));
  if (rows.empty()) return Status::OK();
  return plan_->rule == PutRule::kReplace ? Replace(rows.back(), key) : Merge(rows, key);
}

Result<std::span<const StagedRow>> RowPutter::NotSuperseded(std::span<const StagedRow> rows,
                                                            std::string_view key) {
  if (!plan_->order.has_value()) return rows;
  ARROW_ASSIGN_OR_RAISE(const auto found, txn_->Get(*plan_->order, key));
  std::string kept = found.has_value() ? std::string(*found) : std::string();
  const auto other_ops = [](std::span<const StagedRow> some) {
    return std::any_of(some.begin(), some.end(),
                       [](const StagedRow& row) { return row.op() != RowOp::kUpsert; });
  };
  if (!kept.empty()) {
    const std::string_view highest = std::string_view(kept).substr(1);
    const auto first = std::find_if(rows.begin(), rows.end(),
                                    [&](const StagedRow& row) { return row.order() >= highest; });
    const auto below = rows.first(static_cast<size_t>(first - rows.begin()));
    // An upsert below another one changes nothing. What an insert, update or delete between others
    // would have done is not known any more.
    if (!below.empty() && (kept[0] == kOtherOps || other_ops(below))) {
      return Refuse(
          "rows of one key come against their order, too far apart to sort them in one step; sort "
          "the source by the order column, or raise step_bytes",
          below.front(), key);
    }
    rows = rows.subspan(below.size());
  }
  if (rows.empty() || !plan_->note_order) return rows;
  const bool other = other_ops(rows) || (!kept.empty() && kept[0] == kOtherOps);
  kept.assign(1, other ? kOtherOps : kOnlyUpserts);
  kept += rows.back().order();
  ARROW_RETURN_NOT_OK(txn_->Put(*plan_->order, key, kept));
  return rows;
}

Status RowPutter::Replace(const StagedRow& row, std::string_view key) {
  const bool above = IsAbove(key);
  if (NeedsNote(key)) {
    ARROW_ASSIGN_OR_RAISE(const auto previous, Find(key));
    ARROW_RETURN_NOT_OK(plan_->undo->Add(NoteAs(row), key, previous));
  }
  return Put(key, row.value(), above ? MDB_APPEND : 0);
}

Status RowPutter::Merge(std::span<const StagedRow> rows, std::string_view key) {
  ARROW_ASSIGN_OR_RAISE(const auto previous, Find(key));
  ARROW_ASSIGN_OR_RAISE(const auto outcome, Apply(rows, key, previous));
  // Reading goes before writing: LMDB's bytes move with a write.
  const std::string kept(outcome.image.value_or(std::string_view()));
  const bool existed = previous.has_value();
  if (NeedsNote(key)) {
    const auto batch = NoteAs(rows.back());
    ARROW_RETURN_NOT_OK(outcome.image.has_value()
                            ? plan_->undo->Add(batch, key, previous, outcome.change)
                            : plan_->undo->AddDelete(batch, key, previous));
  }
  if (outcome.image.has_value()) return Put(key, kept, IsAbove(key) ? MDB_APPEND : 0);
  return existed ? txn_->Delete(plan_->table, key) : Status::OK();
}

Result<RowPutter::Outcome> RowPutter::Apply(std::span<const StagedRow> rows, std::string_view key,
                                            std::optional<std::string_view> previous) {
  Outcome outcome{previous, std::nullopt};
  bool fresh = false;  // the key's row does not depend on what stood there
  for (const auto& row : rows) {
    const bool exists = outcome.image.has_value();
    if (row.op() == RowOp::kDelete) {
      outcome = {};
      fresh = true;
      continue;
    }
    if (row.op() == RowOp::kInsert && exists) {
      return Refuse("_op insert: a row with this key is already there; upsert takes either", row,
                    key);
    }
    if (row.op() == RowOp::kUpdate && !exists) {
      return Refuse("_op update: there is no row with this key; upsert takes either", row, key);
    }
    if (!exists) ARROW_RETURN_NOT_OK(CheckMayBeNew(row, key));
    fresh = fresh || row.op() == RowOp::kInsert || !IsPartial(*row.pairs);
    if (exists && IsPartial(*row.pairs)) {
      auto overlaid = encode::OverlayRow(plan_->format, *outcome.image, row.value());
      if (!overlaid.ok()) {
        return WithContext(overlaid.status(), "lmdb: cannot merge a row: table=" + *table_name_ +
                                                  " " + encoder_->DescribeKey(key) + " " +
                                                  row.Place());
      }
      overlaid_ = std::move(*overlaid);
      outcome.image = overlaid_;
    } else {
      outcome.image = row.value();
    }
    // All rows of a commit have the same columns: the last one's cover those before.
    outcome.change = fresh ? std::nullopt : std::optional(row.value());
  }
  return outcome;
}

bool RowPutter::IsPartial(const EncodedPairs& pairs) {
  const auto known = partial_.find(pairs.columns.get());
  if (known != partial_.end()) return known->second;
  const auto& fields = plan_->columns->fields();
  const bool partial = std::any_of(fields.begin(), fields.end(), [&](const auto& field) {
    return pairs.columns->GetFieldIndex(field->name()) < 0;
  });
  partial_.emplace(pairs.columns.get(), partial);
  return partial;
}

Status RowPutter::CheckMayBeNew(const StagedRow& row, std::string_view key) const {
  for (const auto& field : plan_->columns->fields()) {
    if (field->nullable() || row.pairs->columns->GetFieldIndex(field->name()) >= 0) continue;
    return Refuse("a new row lacks the column " + field->name() +
                      ", which is never null in the table; load it with that column",
                  row, key);
  }
  return Status::OK();
}

Status RowPutter::Refuse(std::string_view what, const StagedRow& row, std::string_view key) const {
  return DataError("lmdb: " + std::string(what) + ": table=" + *table_name_ + " " +
                   encoder_->DescribeKey(key) + " " + row.Place());
}

}  // namespace ampload::lmdb
