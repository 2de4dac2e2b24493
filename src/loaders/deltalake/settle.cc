// The session's question after an unknown outcome: what does the log say?
#include <utility>

#include "ampload/fault_point.h"
#include "base/random.h"
#include "loader/fence.h"
#include "loaders/deltalake/commit_info.h"
#include "loaders/deltalake/session.h"

namespace ampload::deltalake {

Result<Recovered> DeltaSession::Settle(const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  bool committed = false;
  ARROW_RETURN_NOT_OK(EndUnknown(&committed, context));
  if (committed) KeepFiles();
  Recovered recovered;
  recovered.load_id = nonce_;
  if (one_off()) {
    recovered.finding = RecoverFinding::kNotCommitted;
    if (committed && AMPLOAD_SAFEGUARD("sequence_check")) {
      recovered.finding = RecoverFinding::kCommitted;
      AfterCommit(context);
    } else if (!committed_) {
      ForgetStaged();
    } else {
      recovered.finding = RecoverFinding::kCommitted;
    }
    return recovered;
  }
  ARROW_ASSIGN_OR_RAISE(const auto record, ReadRecord(*table_, snapshot_, spec_.pipeline, context));
  if (!record.has_value()) {
    return PermanentError(
        "deltalake: the log does not know the pipeline any more; another load has replaced the "
        "table, or somebody has removed its place" +
        At() + " pipeline=" + spec_.pipeline);
  }
  recovered.checkpoint = record->checkpoint;
  const auto& now = *recovered.checkpoint;
  recovered.slot = now.slot;
  ARROW_ASSIGN_OR_RAISE(recovered.finding, CompareWithFence("deltalake", *fence_, now, At()));
  if (recovered.finding == RecoverFinding::kFenced) {
    recovered.fenced_by = now.store_handle;
    return recovered;
  }
  if (recovered.finding == RecoverFinding::kCommitted) {
    next_ = now;
    AfterCommit(context);
  } else {
    ForgetStaged();
  }
  fence_ = now;
  ARROW_RETURN_NOT_OK(FitRows(context));
  return recovered;
}

// An entry that may still be on its way must not arrive once the rows are staged again: its version
// is taken by an entry that does nothing (the first one makes the table). Then it is in the log, or
// can never be.
Status DeltaSession::EndUnknown(bool* committed, const CallContext& context) {
  const auto is_mine = [&](const CommitInfo& info) {
    return !txn_id_.empty() && TxnIdOf(info) == txn_id_;
  };
  // Where a reply was lost, the snapshot may have the entry already.
  if (snapshot_.commit_info.has_value()) *committed = is_mine(*snapshot_.commit_info);
  for (;;) {
    const int64_t before = snapshot_.version;
    ARROW_ASSIGN_OR_RAISE(const auto entries, ReadOn(context));
    if (unknown_.has_value() && entries.empty() && snapshot_.version != before) {
      ARROW_ASSIGN_OR_RAISE(*committed, TellWithoutEntry(context));
    }
    for (const auto& entry : entries) {
      for (const auto& action : entry.actions) {
        const auto* info = std::get_if<CommitInfo>(&action);
        *committed = *committed || (info != nullptr && is_mine(*info));
      }
    }
    if (!unknown_.has_value() || snapshot_.version >= *unknown_) break;
    const auto version = *unknown_;
    std::vector<Action> barrier;
    if (!snapshot_.exists()) {
      barrier.emplace_back(*rules_.protocol);
      barrier.emplace_back(*rules_.metadata);
    }
    ARROW_RETURN_NOT_OK(PutInfoFirst(&barrier, "AMPLOAD BARRIER", base::RandomNonce(), context));
    ARROW_ASSIGN_OR_RAISE(const auto outcome, PutEntry(barrier, context));
    unknown_ = version;
    if (outcome == lake::PutOutcome::kUnknown) {
      return TransientError("deltalake: the store gives no answer" + At());
    }
  }
  unknown_.reset();
  return Status::OK();
}

Result<bool> DeltaSession::TellWithoutEntry(const CallContext& context) {
  if (!one_off()) {
    const auto txn = snapshot_.txns.find(AppIdOf(spec_.pipeline));
    if (txn == snapshot_.txns.end()) return false;
    const int64_t now = txn->second.version;
    if (!next_.has_value()) return now == TxnVersionOf(*fence_);  // of a fence
    // Who took over may have gone on from it: its files stay, and this session is fenced.
    return now == TxnVersionOf(*next_) || EpochOfTxn(now) != next_->epoch;
  }
  if (snapshot_.txns.contains(std::string(kLoadPrefix) + nonce_)) return true;
  if (!adds_.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto* files, log_.ReadFiles(&snapshot_, context));
    const auto key = KeyOf(adds_.front());
    if (files->adds().contains(key) || files->tombstones().contains(key)) return true;
  }
  return PermanentError(
      "deltalake: it cannot be told whether the load was committed: the store gave no answer, and "
      "others have deleted the log entries of that time; look for its rows before you load again" +
      At());
}

}  // namespace ampload::deltalake
