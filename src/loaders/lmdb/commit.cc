// The session's commit: rows, undo and checkpoint in one transaction.
#include <algorithm>
#include <utility>

#include "ampload/fault_point.h"
#include "loader/fence.h"
#include "loaders/lmdb/session.h"
#include "loaders/lmdb/undo_log.h"

namespace ampload::lmdb {
namespace {

// Smaller commits may meet a full disk in the middle: nothing takes effect then, either.
constexpr int64_t kLargeCommit = 1 << 20;

}  // namespace

Result<CommitOutcome> LmdbSession::Commit(const Checkpoint& checkpoint,
                                          const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(context.Check());
  if (committed_) {
    return ConfigurationError("lmdb: a one-off load has one commit; open another session: table=" +
                              spec_.name);
  }
  refusal_.reset();
  // An overwrite in steps: the last rows go to the hidden table too, so that the exchange touches
  // no row.
  Status status =
      replacing_ && load_.has_early_rows && staging_.rows() > 0 ? FlushStep() : Status::OK();
  std::optional<Checkpoint> fence;
  if (status.ok() && staging_.bytes() > kLargeCommit) status = CheckRoom();
  AMPLOAD_FAULT_POINT("lmdb.commit.begin");
  if (status.ok() && AMPLOAD_REPLY_LOST("lmdb.commit.send")) {
    return CommitOutcome(Unknown{"the commit was lost on its way"});
  }
  if (status.ok()) {
    status = WriteWhenClear(staging_.bytes(), false, nullptr, [&](Transaction& txn) -> Status {
      ARROW_RETURN_NOT_OK(CommitIn(txn, checkpoint, &fence));
      AMPLOAD_FAULT_POINT("lmdb.commit.before_commit");
      return Status::OK();
    });
  }
  if (!status.ok()) {
    // LMDB writes its meta page last; when that write fails, nobody knows which of the two is on
    // the disk.
    if (StoreCodeOf(status) == "EIO") return CommitOutcome(Unknown{MessageOf(status)});
    if (!refusal_.has_value() && KindOf(status) == FailureKind::kConflict)
      refusal_ = Conflict{MessageOf(status)};
    if (!refusal_.has_value()) return status;
    if (std::holds_alternative<Conflict>(*refusal_)) ARROW_RETURN_NOT_OK(Abort(context));
    return *refusal_;
  }
  AMPLOAD_FAULT_POINT("lmdb.commit.after_commit");
  if (AMPLOAD_REPLY_LOST("lmdb.commit.reply")) {
    return CommitOutcome(Unknown{"the commit's reply was lost"});
  }
  const Committed committed{early_rows_ + staging_.rows()};
  AfterCommit(std::move(fence));
  return CommitOutcome(committed);
}

void LmdbSession::AfterCommit(std::optional<Checkpoint> fence) {
  table_ = next_table_;
  evolved_schema_ = next_table_.schema;
  evolution_.clear();
  committed_rows_.reset();
  fence_ = std::move(fence);
  ForgetEarlyRows();
  load_.overwrite = false;
  load_recorded_ = false;
  replacing_ = false;
  committed_ = one_off();
  staging_.Clear();
  undo_.clear();
  early_rows_ = 0;
  batch_.reset();
}

Status LmdbSession::CommitIn(Transaction& txn, const Checkpoint& checkpoint,
                             std::optional<Checkpoint>* fence) {
  ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, true));
  ARROW_RETURN_NOT_OK(RefreshTable(catalog));
  ARROW_RETURN_NOT_OK(replacing_ ? ReplaceTable(txn, catalog) : AppendToTable(txn));
  if (one_off()) {
    next_table_.last_load = load_.nonce;
    auto& remembered = next_table_.remembered;
    const bool known = !remembered.empty() && remembered.back() == load_.nonce;  // a second attempt
    if (remember_load_ && !known) remembered.push_back(load_.nonce);
    if (remembered.size() > kRemembered) remembered.erase(remembered.begin());
  }
  const bool changed = !table_.has_value() || !next_table_.schema->Equals(*table_->schema, true);
  if (one_off() || replacing_ || changed) {
    ARROW_RETURN_NOT_OK(catalog.WriteTable(spec_.name, next_table_));
  }
  ARROW_RETURN_NOT_OK(CloseLoad(txn, catalog));
  if (one_off()) return Status::OK();
  *fence = UnderFence(checkpoint, *fence_, next_table_.uuid);
  if (spec_.streaming) {
    BatchIdSet undoable;
    for (const auto& entry : (*fence)->ladder) undoable.insert(entry.batch);
    ARROW_ASSIGN_OR_RAISE(auto undo, UndoLog::Open(txn, next_table_.uuid, false));
    ARROW_RETURN_NOT_OK(undo.ForgetFinal(undoable, (*fence)->slot));
  }
  return catalog.WriteCheckpoint(**fence);
}

Status LmdbSession::CloseLoad(Transaction& txn, Catalog& catalog) {
  if (load_.has_early_rows && !load_.order.empty()) {
    ARROW_RETURN_NOT_OK(txn.Drop(load_.order, /*remove=*/true));
  }
  if (!load_recorded_) return Status::OK();
  if (const auto noted_as = NoteAs(); noted_as.has_value()) {
    ARROW_ASSIGN_OR_RAISE(auto undo, UndoLog::Open(txn, next_table_.uuid, false));
    ARROW_RETURN_NOT_OK(undo.Forget(*noted_as));
  }
  return catalog.RemoveLoad(spec_.name, load_.nonce);
}

Status LmdbSession::ReplaceTable(Transaction& txn, Catalog& catalog) {
  if (table_.has_value()) {
    ARROW_ASSIGN_OR_RAISE(auto undo, UndoLog::Open(txn, table_->uuid, false));
    ARROW_RETURN_NOT_OK(undo.ForgetAll());
  }
  ARROW_ASSIGN_OR_RAISE(const auto checkpoints, catalog.ReadCheckpoints(spec_.name));
  for (const auto& one : checkpoints) {
    if (one.pipeline == spec_.pipeline) continue;
    if (!spec_.force) {
      refusal_ = Conflict{"pipeline " + one.pipeline + " has begun to write this table"};
      return ConflictError("lmdb: another pipeline has begun to write this table: table=" +
                           spec_.name);
    }
    ARROW_RETURN_NOT_OK(catalog.RemoveCheckpoint(spec_.name, one.pipeline));
  }
  if (load_.has_early_rows) {
    AMPLOAD_FAULT_POINT("lmdb.exchange.before");
    ARROW_RETURN_NOT_OK(txn.ExchangeDatabases(load_.hidden, spec_.name));
    ARROW_RETURN_NOT_OK(txn.Drop(load_.hidden, /*remove=*/true));
    AMPLOAD_FAULT_POINT("lmdb.exchange.after");
    return Status::OK();
  }
  ARROW_RETURN_NOT_OK(txn.Drop(spec_.name, /*remove=*/false));
  return AppendToTable(txn);
}

Status LmdbSession::AppendToTable(Transaction& txn) {
  ARROW_ASSIGN_OR_RAISE(const auto dbi, txn.OpenDatabase(spec_.name, true));
  ARROW_ASSIGN_OR_RAISE(auto undo, UndoLog::Open(txn, next_table_.uuid, spec_.streaming));
  if (!undo_.empty()) ARROW_RETURN_NOT_OK(undo.RevertBatches(undo_, *dbi, format_));
  PutPlan plan = PlanFor(*dbi);
  if (load_.has_early_rows && !load_.order.empty()) {
    ARROW_ASSIGN_OR_RAISE(plan.order, txn.OpenDatabase(load_.order, false));
  }
  plan.undo = spec_.streaming ? &undo : nullptr;
  ARROW_RETURN_NOT_OK(staging_.PutAll(txn, plan, *encoder_, spec_.name));
  return undo.Flush();
}

}  // namespace ampload::lmdb
