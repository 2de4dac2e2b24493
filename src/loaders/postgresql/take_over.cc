// The session's start: the table that it finds, its place among other pipelines, its fence.
#include <algorithm>
#include <string>
#include <utility>

#include "ampload/fault_point.h"
#include "ampload/log.h"
#include "loader/neighbours.h"
#include "loaders/postgresql/hidden_table.h"
#include "loaders/postgresql/remembered_loads.h"
#include "loaders/postgresql/session.h"
#include "loaders/postgresql/undo_table.h"

namespace ampload::postgresql {
namespace {

constexpr int kTries = 5;  // of a fence that another session's step has got in the way of
constexpr int64_t kRowLockMs =
    2000;  // a living predecessor holds the row from compare-and-set to COMMIT

constexpr std::string_view kLockNotAvailable = "55P03";

// Two sessions that make the checkpoint table, or claim a slot, at the same moment.
bool IsRace(const Status& status) {
  const auto state = StoreCodeOf(status);
  return state == "23505" || state == "42P07" || state == "40P01";
}

}  // namespace

Result<Recovered> PostgresSession::Recover(RecoverMode mode, const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  if (mode == RecoverMode::kSettle) return Settle(context);
  if (recovered_) return ConfigurationError("postgresql: a session takes over once" + At());
  return TakeOver(context);
}

Result<Recovered> PostgresSession::TakeOver(const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckSpec());
  ARROW_RETURN_NOT_OK(Connect(context));
  Recovered recovered;
  recovered.load_id = nonce_;
  for (int i = 0;; ++i) {
    auto status = InstallFence(&recovered, context);
    if (status.ok()) break;
    ARROW_RETURN_NOT_OK(Rollback());
    if (!IsRace(status) || i + 1 == kTries) return status;
    ARROW_RETURN_NOT_OK(Connect(context));
  }
  recovered.evolved = form_.evolution;
  if (one_off()) {
    ARROW_ASSIGN_OR_RAISE(recovered.remembered_loads,
                          ReadRememberedLoads(*connection_, name_, context));
    recovered.remembers_all = std::cmp_less(recovered.remembered_loads.size(), kRememberedLoads);
  }
  recovered_ = true;
  return recovered;
}

Status PostgresSession::CheckSpec() const {
  if (spec_.on_duplicate != DuplicatePolicy::kFail) {
    return ConfigurationError(
        "postgresql: an append adds rows, and the table's own constraints say which may not be "
        "there twice; to replace rows take --mode upsert with --key" +
        At());
  }
  if (parallel() && (!one_off() || by_key() || !config_.partition_by.empty())) {
    return ConfigurationError(
        "postgresql: --parallel fills a new or overwritten table that is neither partitioned nor "
        "a pipeline's; leave it out" +
        At());
  }
  return Status::OK();
}

// In a transaction for a pipeline; a one-off load only looks.
Status PostgresSession::InstallFence(Recovered* recovered, const CallContext& context) {
  CheckpointTable checkpoints(*connection_, name_.schema);
  ARROW_ASSIGN_OR_RAISE(bool known, checkpoints.Exists(context));
  if (one_off()) {
    std::vector<Checkpoint> others;
    std::string alone;
    if (known) {
      ARROW_ASSIGN_OR_RAISE(others, checkpoints.ReadAll(name_.name, context));
      ARROW_ASSIGN_OR_RAISE(alone, checkpoints.Alone(name_.name, context));
    }
    replacing_ = spec_.mode == LoadMode::kOverwrite;
    ARROW_RETURN_NOT_OK(CheckNeighbours("postgresql", spec_, replacing_, others, alone));
    ARROW_RETURN_NOT_OK(LookAtTable(context));
    ARROW_ASSIGN_OR_RAISE(recovered->cleaned_up, DropDeadTables(*connection_, name_, context));
    return CheckParallel(context);
  }
  if (!known) {
    ARROW_RETURN_NOT_OK(LookAtTable(context));  // complain of the table before anything is made
    ARROW_RETURN_NOT_OK(Begin(config_.lock_timeout, context));
    ARROW_RETURN_NOT_OK(checkpoints.Create(context));
    ARROW_RETURN_NOT_OK(connection_->Run("COMMIT", context));
  }
  for (int i = 0; i < kTries; ++i) {
    ARROW_ASSIGN_OR_RAISE(const bool fenced, TryFence(recovered, context));
    if (fenced) return Status::OK();
    ARROW_RETURN_NOT_OK(EndWhoHoldsTheRow(recovered, context));
  }
  const auto blockers = DescribeTableBlockers(*connection_, checkpoints.name(), context);
  return TransientError(
      "postgresql: the pipeline's checkpoint stays locked by other sessions; try again" + At() +
      " pipeline=" + spec_.pipeline +
      (blockers.ok() && !blockers->empty() ? " held_by=" + *blockers : ""));
}

Result<bool> PostgresSession::TryFence(Recovered* recovered, const CallContext& context) {
  CheckpointTable checkpoints(*connection_, name_.schema);
  ARROW_RETURN_NOT_OK(Begin(std::min(config_.lock_timeout, kRowLockMs), context));
  auto mine = checkpoints.Read(name_.name, spec_.pipeline, /*lock=*/true, context);
  if (!mine.ok() && StoreCodeOf(mine.status()) == kLockNotAvailable) {
    ARROW_RETURN_NOT_OK(Rollback());
    return false;
  }
  ARROW_ASSIGN_OR_RAISE(fence_, std::move(mine));
  ARROW_ASSIGN_OR_RAISE(auto others, checkpoints.ReadAll(name_.name, context));
  std::erase_if(others, [&](const Checkpoint& one) { return one.pipeline == spec_.pipeline; });

  const bool fresh = !fence_.has_value() || fence_->sequence == 0;
  replacing_ = spec_.reset_pipeline || (spec_.mode == LoadMode::kOverwrite && fresh);
  ARROW_ASSIGN_OR_RAISE(const auto alone, checkpoints.Alone(name_.name, context));
  ARROW_RETURN_NOT_OK(CheckNeighbours("postgresql", spec_, replacing_, others, alone));
  ARROW_RETURN_NOT_OK(LookAtTable(context));
  alone_ = (by_key() && spec_.streaming) || alone == spec_.pipeline;
  if (alone_) {
    UndoTable undo(*connection_, name_);
    ARROW_ASSIGN_OR_RAISE(const bool has_records, undo.Exists(context));
    if (!has_records) ARROW_RETURN_NOT_OK(undo.Create(context));
  }
  ARROW_ASSIGN_OR_RAISE(const auto handle, DescribeBackend(*connection_, context));
  recovered->finding = RecoverFinding::kFresh;
  recovered->checkpoint.reset();
  if (fence_.has_value()) {
    predecessor_ = BackendHandle::Parse(fence_->store_handle);
    if (!fresh && !spec_.reset_pipeline) {
      ARROW_RETURN_NOT_OK(CheckSameTable(*fence_));
      recovered->finding = RecoverFinding::kResumed;
    }
    fence_->owner = nonce_;
    fence_->epoch.value += 1;
    fence_->store_handle = handle.ToText();
    if (recovered->finding == RecoverFinding::kResumed) recovered->checkpoint = *fence_;
    AMPLOAD_FAULT_POINT("postgresql.fence.before");
    ARROW_RETURN_NOT_OK(checkpoints.Overwrite(*fence_, alone_, context));
  } else {
    fence_.emplace();
    fence_->table = name_.name;
    fence_->pipeline = spec_.pipeline;
    fence_->owner = nonce_;
    fence_->epoch.value = 1;
    fence_->store_handle = handle.ToText();
    AMPLOAD_FAULT_POINT("postgresql.fence.before");
    ARROW_RETURN_NOT_OK(ClaimSlot(others, context));
  }
  ARROW_RETURN_NOT_OK(connection_->Run("COMMIT", context));
  AMPLOAD_FAULT_POINT("postgresql.fence.after");
  recovered->slot = fence_->slot;
  // In the middle of a commit that can no longer be, it would only hold locks.
  if (predecessor_.has_value()) {
    ARROW_ASSIGN_OR_RAISE(const bool busy, IsInTransaction(*connection_, *predecessor_, context));
    const std::string who = predecessor_->ToText();
    if (busy && EndPredecessor()) {
      recovered->cleaned_up =
          "the session that had this pipeline was ended in its transaction: " + who;
    }
  }
  return true;
}

Status PostgresSession::ClaimSlot(const std::vector<Checkpoint>& others,
                                  const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(fence_->slot, ampload::ClaimSlot("postgresql", spec_, others));
  return CheckpointTable(*connection_, name_.schema).Insert(*fence_, alone_, context);
}

// A session that stands still between its compare-and-set and its COMMIT holds the row. If it is
// the pipeline's own, or nobody but ampload, it is ended; the fence is ours to take.
Status PostgresSession::EndWhoHoldsTheRow(Recovered* recovered, const CallContext& context) {
  const TableName checkpoints{name_.schema, kCheckpointTable};
  ARROW_ASSIGN_OR_RAISE(const auto blocker, FindRowBlocker(*connection_, checkpoints, name_.name,
                                                           spec_.pipeline, context));
  if (!blocker.has_value()) return Status::OK();  // it has gone meanwhile
  const std::string what = At() + " pipeline=" + spec_.pipeline + " held_by=" + blocker->text;
  if (!blocker->application.starts_with("ampload")) {
    return ConflictError(
        "postgresql: somebody holds the pipeline's checkpoint in an open transaction; end that "
        "session: SELECT pg_terminate_backend(" +
        std::to_string(blocker->backend.pid) + ")" + what);
  }
  const auto ended = EndBackend(*connection_, blocker->backend, context);
  if (!ended.ok()) {
    return ConflictError(
        "postgresql: a session that stands still holds the pipeline's checkpoint, and this user "
        "may not end it; as its user or a superuser: SELECT pg_terminate_backend(" +
        std::to_string(blocker->backend.pid) + ")" + what + " why=" + MessageOf(ended.status()));
  }
  recovered->cleaned_up = "a session that stood still was ended: " + blocker->text;
  return Status::OK();
}

Status PostgresSession::CheckSameTable(const Checkpoint& checkpoint) const {
  if (table_.has_value() && std::to_string(table_->oid) == checkpoint.table_identity) {
    return Status::OK();
  }
  return PermanentError("postgresql: the pipeline has a checkpoint, but its table is " +
                        std::string(table_.has_value() ? "another one now" : "gone") +
                        "; nothing was changed. Load under another --pipeline name, or with "
                        "--reset-pipeline, to start afresh" +
                        At() + " pipeline=" + spec_.pipeline);
}

}  // namespace ampload::postgresql
