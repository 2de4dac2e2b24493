// The session's question after an unknown outcome: what does the server say?
#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "ampload/fault_point.h"
#include "loader/fence.h"
#include "loaders/postgresql/session.h"

namespace ampload::postgresql {
namespace {

// A transaction whose client has gone may still be at work on the COMMIT that it was sent.
constexpr int kSettleTries = 100;
constexpr auto kSettlePause = std::chrono::milliseconds(100);

constexpr std::string_view kLockNotAvailable = "55P03";
constexpr std::string_view kInTheFuture = "22023";  // of a transaction id

}  // namespace

Result<Recovered> PostgresSession::Settle(const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(Rollback());
  ARROW_RETURN_NOT_OK(Connect(context));
  if (one_off()) return SettleOneOff(context);
  CheckpointTable checkpoints(*connection_, name_.schema);
  Recovered recovered;
  ARROW_ASSIGN_OR_RAISE(const bool known, checkpoints.Exists(context));
  if (known) {
    // With the row's lock: a COMMIT that is under way has it, and ends first.
    for (int i = 0;; ++i) {
      ARROW_RETURN_NOT_OK(Begin(config_.lock_timeout, context));
      auto now = checkpoints.Read(name_.name, spec_.pipeline, /*lock=*/true, context);
      ARROW_RETURN_NOT_OK(Rollback());
      if (now.ok()) {
        recovered.checkpoint = std::move(*now);
        break;
      }
      if (StoreCodeOf(now.status()) != kLockNotAvailable || i > 0) return now.status();
      ARROW_RETURN_NOT_OK(EndWhoHoldsTheRow(&recovered, context));
    }
  }
  if (!recovered.checkpoint.has_value()) {
    return PermanentError(
        "postgresql: the pipeline's checkpoint is gone; another load has replaced the table, or "
        "somebody has removed it" +
        At() + " pipeline=" + spec_.pipeline);
  }
  const auto& now = *recovered.checkpoint;
  recovered.slot = now.slot;
  ARROW_ASSIGN_OR_RAISE(recovered.finding, CompareWithFence("postgresql", *fence_, now, At()));
  if (recovered.finding == RecoverFinding::kFenced) {
    recovered.fenced_by = now.store_handle;
    return recovered;
  }
  if (recovered.finding == RecoverFinding::kCommitted) {
    next_ = now;
    AfterCommit();
  } else {
    ForgetStaged();
  }
  fence_ = now;
  if (recovered.finding == RecoverFinding::kWentBack) {
    replacing_ =
        spec_.reset_pipeline || (spec_.mode == LoadMode::kOverwrite && fence_->sequence == 0);
  }
  ARROW_RETURN_NOT_OK(LookAtTable(context));
  if (fence_->sequence > 0 && !spec_.reset_pipeline) ARROW_RETURN_NOT_OK(CheckSameTable(*fence_));
  return recovered;
}

// A one-off load has no record; the server remembers the fate of its transaction.
Result<Recovered> PostgresSession::SettleOneOff(const CallContext& context) {
  Recovered recovered;
  recovered.load_id = nonce_;
  recovered.finding = RecoverFinding::kNotCommitted;
  if (transaction_id_.empty()) {  // it never came so far
    ForgetStaged();
    return recovered;
  }
  ARROW_ASSIGN_OR_RAISE(const auto timeline, Timeline(context));
  if (timeline != timeline_) {
    return PermanentError(
        "postgresql: another server has taken over in the middle of the commit, and the fate of "
        "this load's transaction is not known there: compare the table's rows before loading "
        "again" +
        At());
  }
  for (int i = 0; i < kSettleTries; ++i) {
    auto rows =
        connection_->Query("SELECT coalesce(pg_catalog.pg_xact_status($1::xid8), 'unknown')",
                           {transaction_id_}, context);
    if (StoreCodeOf(rows.status()) == kInTheFuture) {  // a crash took it, and its id with it
      ForgetStaged();
      return recovered;
    }
    ARROW_RETURN_NOT_OK(rows.status());
    const auto fate = rows->text(0, 0);
    if (fate == "committed" && AMPLOAD_SAFEGUARD("sequence_check")) {
      ARROW_ASSIGN_OR_RAISE(const bool mine, TransactionIsMine(context));
      if (!mine) break;
      recovered.finding = RecoverFinding::kCommitted;
      AfterCommit();
      return recovered;
    }
    if (fate == "aborted" || fate == "committed") {
      ForgetStaged();
      return recovered;
    }
    if (fate == "unknown") break;
    std::this_thread::sleep_for(kSettlePause);
  }
  return PermanentError("postgresql: the server does not know the fate of this load's transaction" +
                        At() + " transaction=" + transaction_id_);
}

// After a crash the server may give the id of a transaction that was lost to another one. Ours has
// left rows.
Result<bool> PostgresSession::TransactionIsMine(const CallContext& context) {
  if (staged_rows_ == 0) return true;
  // A table that was made or renamed says so itself; else one of the rows does.
  const std::string by_us = " WHERE xmin = ($1::numeric % 4294967296)::text::xid";
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection_->Query("SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class" + by_us +
                             " AND oid = $2::regclass) OR EXISTS (SELECT 1 FROM " + name_.sql() +
                             by_us + ")",
                         {transaction_id_, name_.sql()}, context));
  return rows.boolean(0, 0);
}

// A new one begins with every promotion of a standby.
Result<std::string> PostgresSession::Timeline(const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection_->Query(
          "SELECT pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), "
          "1, 8)",
          context));
  return std::string(rows.text(0, 0));
}

}  // namespace ampload::postgresql
