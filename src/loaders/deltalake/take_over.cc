// The session's start: the table as its log has it, the session's place among other pipelines, its
// fence.
#include <algorithm>
#include <utility>

#include "ampload/fault_point.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/this_process.h"
#include "loader/neighbours.h"
#include "loaders/deltalake/session.h"

namespace ampload::deltalake {

Result<Recovered> DeltaSession::Recover(RecoverMode mode, const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  if (mode == RecoverMode::kSettle) return Settle(context);
  if (recovered_) return ConfigurationError("deltalake: a session takes over once" + At());
  return TakeOver(context);
}

Result<Recovered> DeltaSession::TakeOver(const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckSpec());
  ARROW_ASSIGN_OR_RAISE(snapshot_, log_.ReadLatest(context));
  Recovered recovered;
  recovered.load_id = nonce_;
  if (one_off()) {
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const auto others, ReadOthers(context));
      if (others.has_value()) {
        ARROW_RETURN_NOT_OK(LookAtNeighbours(*others, /*fresh=*/true, context));
        break;
      }
      ARROW_RETURN_NOT_OK(ReadOn(context).status());
    }
    recovered.remembered_loads = RememberedLoads();
  } else {
    ARROW_RETURN_NOT_OK(InstallFence(&recovered, context));
  }
  recovered.evolved = rules_.evolution;
  recovered_ = true;
  return recovered;
}

Status DeltaSession::CheckSpec() const {
  if (spec_.on_duplicate != DuplicatePolicy::kFail) {
    return ConfigurationError(
        "deltalake: an append adds rows, and a Delta table has no keys that would say which are "
        "there already; leave --on-duplicate out" +
        At());
  }
  return Status::OK();
}

// May this session write beside those pipelines, and do its rows fit?
Status DeltaSession::LookAtNeighbours(const std::vector<Checkpoint>& others, bool fresh,
                                      const CallContext& context) {
  replacing_ = spec_.reset_pipeline || (spec_.mode == LoadMode::kOverwrite && fresh);
  ARROW_RETURN_NOT_OK(CheckNeighbours("deltalake", spec_, replacing_, others, /*alone=*/""));
  return FitRows(context);
}

Status DeltaSession::InstallFence(Recovered* recovered, const CallContext& context) {
  base::Patience patience(
      {.first = std::chrono::milliseconds(10), .ceiling = std::chrono::milliseconds(1000)},
      std::chrono::milliseconds(config_.commit_retry_for));
  const auto began = base::Patience::Clock::now();
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const bool fenced, TryFence(recovered, context));
    if (fenced) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(
        const auto wait,
        patience.AfterFailure(TransientError("deltalake: other writers keep adding to the log; try "
                                             "again" +
                                             At() + " pipeline=" + spec_.pipeline),
                              began));
    base::WaitFor(wait, context.stop);
    ARROW_RETURN_NOT_OK(context.Check());
    ARROW_RETURN_NOT_OK(ReadOn(context).status());
    if (snapshot_.exists()) continue;
    ARROW_ASSIGN_OR_RAISE(snapshot_, log_.ReadLatest(context));
  }
}

Result<bool> DeltaSession::TryFence(Recovered* recovered, const CallContext& context) {
  auto mine = ReadRecord(*table_, snapshot_, spec_.pipeline, context);
  if (!mine.ok() && !spec_.reset_pipeline) return mine.status();
  const bool known = mine.ok() && mine->has_value() && !(*mine)->removed;
  const bool fresh = !known || (*mine)->checkpoint.sequence == 0;
  ARROW_ASSIGN_OR_RAISE(const auto others, ReadOthers(context));
  if (!others.has_value()) return false;
  ARROW_RETURN_NOT_OK(LookAtNeighbours(*others, fresh, context));

  Checkpoint fence;
  const bool resumes = known && !fresh && !spec_.reset_pipeline;
  if (known) {
    fence = (*mine)->checkpoint;
    if (resumes) ARROW_RETURN_NOT_OK(CheckSameTable(fence, context));
  } else {
    fence.table = spec_.name;
    fence.pipeline = spec_.pipeline;
    ARROW_ASSIGN_OR_RAISE(fence.slot, ClaimSlot("deltalake", spec_, *others));
  }
  ARROW_ASSIGN_OR_RAISE(fence.epoch, NextEpoch(context));
  fence.owner = nonce_;
  fence.store_handle = base::ThisProcess();
  ARROW_RETURN_NOT_OK(table_->CheckPutIfAbsent(kLogFolder, context));
  AMPLOAD_FAULT_POINT("deltalake.fence.before");
  const int64_t txn = TxnVersionOf(fence);
  ARROW_ASSIGN_OR_RAISE(const auto recorded,
                        table_->PutIfAbsent(RecordPath(spec_.pipeline, txn),
                                            RecordText({.checkpoint = fence}), context));
  if (recorded != lake::PutOutcome::kWritten) return false;
  AMPLOAD_FAULT_POINT("deltalake.fence.recorded");

  std::vector<Action> actions;
  if (!snapshot_.exists()) {
    actions.emplace_back(*rules_.protocol);
    actions.emplace_back(*rules_.metadata);
  }
  actions.emplace_back(Txn{AppIdOf(spec_.pipeline), txn, base::NowMs()});
  fence_ = fence;
  const bool makes_table = !snapshot_.exists();
  ARROW_ASSIGN_OR_RAISE(const bool put, PutFence(std::move(actions), makes_table, context));
  if (!put) return false;
  AMPLOAD_FAULT_POINT("deltalake.fence.after");
  if (makes_table) ARROW_RETURN_NOT_OK(FitRows(context));
  recovered->finding = resumes ? RecoverFinding::kResumed : RecoverFinding::kFresh;
  recovered->checkpoint.reset();
  if (resumes) recovered->checkpoint = fence;
  recovered->slot = fence.slot;
  ForgetRecordsBefore(known ? TxnVersionOf((*mine)->checkpoint) : txn, context);
  KeepLog(context);
  return true;
}

// False: another entry was first.
Result<bool> DeltaSession::PutFence(std::vector<Action> actions, bool makes_table,
                                    const CallContext& context) {
  txn_id_ = nonce_ + "-" + std::to_string(fence_->epoch.value);
  next_ = fence_;
  ARROW_RETURN_NOT_OK(
      PutInfoFirst(&actions, makes_table ? "CREATE TABLE" : "AMPLOAD FENCE", txn_id_, context));
  next_.reset();
  ARROW_ASSIGN_OR_RAISE(const auto outcome, PutEntry(actions, context));
  if (outcome == lake::PutOutcome::kUnknown) {
    bool committed = false;
    ARROW_RETURN_NOT_OK(EndUnknown(&committed, context));
    return committed;
  }
  return outcome == lake::PutOutcome::kWritten;
}

Result<std::optional<std::vector<Checkpoint>>> DeltaSession::ReadOthers(
    const CallContext& context) {
  Snapshot without = {};
  without.txns = snapshot_.txns;
  if (!one_off()) without.txns.erase(AppIdOf(spec_.pipeline));
  auto others = ReadCheckpoints(*table_, without, context);
  if (others.ok()) return *std::move(others);
  if (StoreCodeOf(others.status()) != kRecordMissing) return others.status();
  ARROW_ASSIGN_OR_RAISE(const auto next, log_.ReadEntry(snapshot_.version + 1, context));
  if (next.has_value()) return std::nullopt;
  return others.status();
}

// Beyond every epoch that anybody has used: each session's records have names of their own.
Result<Epoch> DeltaSession::NextEpoch(const CallContext& context) {
  const auto txn = snapshot_.txns.find(AppIdOf(spec_.pipeline));
  ARROW_ASSIGN_OR_RAISE(const auto records, ListRecords(*table_, spec_.pipeline, context));
  int64_t epoch = txn == snapshot_.txns.end() ? 0 : EpochOfTxn(txn->second.version).value;
  for (const auto record : records) {
    epoch = std::max(epoch, EpochOfTxn(record).value);
    if (txn != snapshot_.txns.end() || SequenceOfTxn(record) == 0 || spec_.reset_pipeline) continue;
    return PermanentError(
        "deltalake: the pipeline has a checkpoint, but the log does not know its place any more: "
        "the table is another one now, or delta.setTransactionRetentionDuration has removed it; "
        "nothing was changed. Load under another --pipeline name, or with --reset-pipeline, to "
        "start afresh" +
        At() + " pipeline=" + spec_.pipeline + " checkpoint=" + RecordPath(spec_.pipeline, record));
  }
  return Epoch{epoch + 1};
}

std::vector<std::string> DeltaSession::RememberedLoads() const {
  std::vector<const Txn*> loads;
  for (const auto& [app_id, txn] : snapshot_.txns) {
    if (app_id.starts_with(kLoadPrefix)) loads.push_back(&txn);
  }
  std::stable_sort(loads.begin(), loads.end(), [](const Txn* a, const Txn* b) {
    return a->last_updated.value_or(0) < b->last_updated.value_or(0);
  });
  std::vector<std::string> out;
  for (const auto* txn : loads) out.push_back(txn->app_id.substr(kLoadPrefix.size()));
  return out;
}

Status DeltaSession::CheckSameTable(const Checkpoint& checkpoint, const CallContext& context) {
  const std::string advice =
      "; nothing was changed. Load under another --pipeline name, or with --reset-pipeline, to "
      "start afresh" +
      At() + " pipeline=" + spec_.pipeline;
  if (snapshot_.metadata.id != checkpoint.table_identity) {
    return PermanentError(
        "deltalake: the pipeline has a checkpoint, but its table is another one "
        "now" +
        advice);
  }
  BatchIdSet stored;
  for (const auto& entry : checkpoint.ladder) {
    if (entry.rows > 0) stored.insert(entry.batch);
  }
  // The newest batches lie in the newest files.
  auto missing = finder_.Missing(snapshot_, snapshot_.newest_files(), stored);
  if (!missing.empty() && snapshot_.unread().has_value()) {
    ARROW_ASSIGN_OR_RAISE(const auto* files, log_.ReadFiles(&snapshot_, context));
    missing = finder_.Missing(snapshot_, *files, {missing.begin(), missing.end()});
  }
  if (missing.empty()) return Status::OK();
  return PermanentError(
      "deltalake: rows that the pipeline has committed are not in the table any more: somebody has "
      "restored an older version, or deleted them" +
      advice + " batch=" + std::to_string(missing.front().value()) +
      " version=" + std::to_string(snapshot_.version));
}

// A pipeline that has committed nothing, or takes the place of all rows, misses none.
Status DeltaSession::CheckRows(const CallContext& context) {
  if (!others_removed_ || replacing_ || fence_->sequence == 0) return Status::OK();
  ARROW_RETURN_NOT_OK(CheckSameTable(*fence_, context));
  others_removed_ = false;
  return Status::OK();
}

}  // namespace ampload::deltalake
