// The session's question after an unknown outcome: what does the server say?
#include <algorithm>
#include <utility>

#include "ampload/fault_point.h"
#include "loader/fence.h"
#include "loaders/redis/names.h"
#include "loaders/redis/open_loads.h"
#include "loaders/redis/session.h"

namespace ampload::redis {

void RedisSession::DropConnection() {
  last_handle_ = connection_->handle();
  former_.push_back(*last_handle_);
  connection_.reset();
}

Status RedisSession::EndFormerClients(const CallContext& context) {
  for (const auto& former : former_) {
    ARROW_RETURN_NOT_OK(EndClient(*connection_, former.ToText(), context));
  }
  former_.clear();
  return Status::OK();
}

Result<Recovered> RedisSession::Settle(const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  const bool anew = connection_ == nullptr || !connection_->is_alive();
  if (anew) {
    ARROW_RETURN_NOT_OK(Connect(context));
    // What it had on the way must not come behind the answer.
    ARROW_RETURN_NOT_OK(EndFormerClients(context));
  }
  const bool other_run =
      last_handle_.has_value() && last_handle_->run_id != connection_->server().run_id;
  ARROW_ASSIGN_OR_RAISE(const auto found, LookAlone(context));
  if (one_off()) return SettleOneOff(found, other_run, context);
  if (!found.mine.has_value()) {
    return PermanentError(
        "redis: the pipeline's checkpoint is gone; another load has replaced the table, the server "
        "has lost its memory, or somebody has removed it" +
        At() + " pipeline=" + spec_.pipeline);
  }
  Recovered recovered;
  recovered.load_id = nonce_;
  recovered.slot = found.mine->slot;
  ARROW_ASSIGN_OR_RAISE(recovered.finding, CompareWithFence("redis", *fence_, *found.mine, At()));
  if (recovered.finding == RecoverFinding::kFenced) {
    recovered.fenced_by = found.mine->store_handle;
    recovered.checkpoint = found.mine;
    return recovered;
  }
  if (recovered.finding == RecoverFinding::kCommitted) {
    fence_ = found.mine;
    if (anew)
      ARROW_RETURN_NOT_OK(Reconnect(context));  // which does what the commit left to be done
    next_ = fence_;
    next_table_ = found.table;
    next_load_.reset();
    ARROW_RETURN_NOT_OK(FinishCommit(context));
  } else {
    sent_ = false;
    fence_ = found.mine;
    if (fence_->sequence > 0 && !spec_.reset_pipeline &&
        (!found.table.has_value() || found.table->uuid != fence_->table_identity)) {
      return PermanentError(
          "redis: the pipeline's table is another one now, or gone; stop and look" + At() +
          " pipeline=" + spec_.pipeline);
    }
    if (anew) {
      ARROW_RETURN_NOT_OK(Reconnect(context));
      ForgetStaged();
    }
    if (recovered.finding == RecoverFinding::kWentBack) {
      table_ = found.table;
      replacing_ =
          spec_.reset_pipeline || (spec_.mode == LoadMode::kOverwrite && fence_->sequence == 0);
      ARROW_RETURN_NOT_OK(TakeColumns(spec_.schema));
    }
  }
  recovered.checkpoint = fence_;
  return recovered;
}

// A one-off load has a record until its commit, which leaves its nonce with the table.
Result<Recovered> RedisSession::SettleOneOff(const Found& found, bool other_run,
                                             const CallContext& context) {
  Recovered recovered;
  recovered.load_id = nonce_;
  const auto* mine = found.LoadOf(nonce_);
  const bool recorded = mine != nullptr;
  const bool committed =
      found.table.has_value() &&
      std::find(found.table->recent_loads.begin(), found.table->recent_loads.end(), nonce_) !=
          found.table->recent_loads.end();
  if (committed && AMPLOAD_SAFEGUARD("sequence_check")) {
    recovered.finding = RecoverFinding::kCommitted;
    if (committed_) return recovered;
    next_table_ = found.table;
    next_load_.reset();
    OpenLoad rest;
    if (recorded) rest = *mine;
    ARROW_ASSIGN_OR_RAISE(const bool adopted, recorded
                                                  ? Adopt(*connection_, spec_.name, &rest, context)
                                                  : Result<bool>(false));
    if (adopted) next_load_ = std::move(rest);
    ARROW_RETURN_NOT_OK(FinishCommit(context));
    return recovered;
  }
  sent_ = false;
  if (recorded || committed || other_run || !AMPLOAD_SAFEGUARD("open_load_record")) {
    recovered.finding = RecoverFinding::kNotCommitted;
    if (recorded && mine->client != connection_->handle().ToText()) {
      ARROW_RETURN_NOT_OK(Reconnect(context));
      ForgetStaged();
    }
    load_recorded_ = load_recorded_ && recorded;
    return recovered;
  }
  recovered.finding = RecoverFinding::kFenced;
  recovered.fenced_by = "another process, which took this load for dead";
  load_recorded_ = false;
  return recovered;
}

}  // namespace ampload::redis
