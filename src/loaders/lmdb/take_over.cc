// The session's start: its fence, its place among other loads, the table that it finds.
#include <unistd.h>

#include <string>
#include <utility>

#include "ampload/fault_point.h"
#include "base/random.h"
#include "base/this_process.h"
#include "loader/neighbours.h"
#include "loader/row_op.h"
#include "loaders/lmdb/open_loads.h"
#include "loaders/lmdb/session.h"

namespace ampload::lmdb {
Result<Recovered> LmdbSession::Recover(RecoverMode mode, const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  if (mode == RecoverMode::kSettle) return Settle();
  if (recovered_) {
    return ConfigurationError("lmdb: a session takes over once: table=" + spec_.name);
  }
  return TakeOver();
}

Result<Recovered> LmdbSession::TakeOver() {
  ARROW_RETURN_NOT_OK(CheckSpec());
  ARROW_ASSIGN_OR_RAISE(columns_, StoredSchema(spec_));
  ARROW_ASSIGN_OR_RAISE(environment_,
                        Environment::Open(config_.path, config_.environment(/*create=*/true)));
  load_.nonce = base::RandomNonce();
  load_.hidden = std::string(kCatalogName) + "/new/" + load_.nonce;
  if (!spec_.order_by.empty()) {
    load_.order = std::string(kCatalogName) + "/order/" + load_.nonce;
  }
  load_.replaces = replaces();
  load_.pipeline = spec_.pipeline;
  load_.pid = getpid();
  load_.host = base::HostName();
  load_.started_at = base::NowRfc3339();
  ARROW_ASSIGN_OR_RAISE(lock_, LoadLock::Take(environment_->path(), load_.nonce));

  ARROW_RETURN_NOT_OK(RefuseWhereALiveLoadHoldsTheTable());

  Recovered recovered;
  AMPLOAD_FAULT_POINT("lmdb.open_load.begin");
  ARROW_RETURN_NOT_OK(
      WriteWhenClear(0, /*take_over=*/true, &recovered.cleaned_up, [&](Transaction& txn) -> Status {
        ARROW_RETURN_NOT_OK(InstallFence(txn, &recovered));
        AMPLOAD_FAULT_POINT("lmdb.open_load.before_commit");
        return Status::OK();
      }));
  load_recorded_ = one_off() && AMPLOAD_SAFEGUARD("open_load_record");
  recovered_ = true;
  AMPLOAD_FAULT_POINT("lmdb.open_load.after_commit");
  return recovered;
}

Status LmdbSession::CheckSpec() const {
  if (spec_.streaming && spec_.on_duplicate == DuplicatePolicy::kReplace) {
    return ConfigurationError(
        "lmdb: a stream cannot replace existing keys; take --on-duplicate fail: table=" +
        spec_.name);
  }
  if (by_key() && spec_.on_duplicate != DuplicatePolicy::kFail) {
    return ConfigurationError(
        "lmdb: --on-duplicate is about append; an upsert or merge says itself what becomes of a "
        "key that is there: leave it out: table=" +
        spec_.name + " mode=" + std::string(ToString(spec_.mode)));
  }
  return Status::OK();
}

// Asked in a read transaction first: whoever holds the table may stand still inside a write
// transaction, and then nobody else's would begin.
Status LmdbSession::RefuseWhereALiveLoadHoldsTheTable() {
  ARROW_ASSIGN_OR_RAISE(auto txn, environment_->BeginRead());
  return RefuseLiveObstacle(txn, {spec_.name, spec_.pipeline, load_.nonce, replaces()});
}

Status LmdbSession::InstallFence(Transaction& txn, Recovered* recovered) {
  ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, true));
  ARROW_ASSIGN_OR_RAISE(auto others, catalog.ReadCheckpoints(spec_.name));
  std::erase_if(others, [&](const Checkpoint& one) { return one.pipeline == spec_.pipeline; });
  ARROW_ASSIGN_OR_RAISE(
      fence_, one_off() ? std::nullopt : catalog.ReadCheckpoint(spec_.name, spec_.pipeline));
  const bool fresh = !fence_.has_value() || fence_->sequence == 0;
  replacing_ = spec_.reset_pipeline || (spec_.mode == LoadMode::kOverwrite && fresh);
  ARROW_RETURN_NOT_OK(CheckNeighbours(catalog, others));
  load_.overwrite = replacing_;
  ARROW_RETURN_NOT_OK(CheckTable(txn, catalog));
  ARROW_RETURN_NOT_OK(MakeEncoder());
  if (table_.has_value()) recovered->remembered_loads = table_->remembered;
  recovered->remembers_all = recovered->remembered_loads.size() < kRemembered;
  recovered->load_id = load_.nonce;
  recovered->evolved = evolution_;
  if (table_.has_value() && !replacing_) {
    next_table_ = *table_;
    next_table_.schema = evolved_schema_;
  } else {
    next_table_ = TableRecord();
    next_table_.uuid = base::RandomNonce();
    next_table_.key = key_;
    next_table_.value_format = format_;
    next_table_.schema = columns_;
    next_table_.remembered = recovered->remembered_loads;
  }
  evolved_schema_ = next_table_.schema;
  load_.uuid = next_table_.uuid;
  if (one_off()) {
    return AMPLOAD_SAFEGUARD("open_load_record") ? catalog.WriteLoad(spec_.name, load_)
                                                 : Status::OK();
  }
  return InstallPipeline(catalog, others, recovered);
}

Status LmdbSession::CheckNeighbours(Catalog& catalog, const std::vector<Checkpoint>& others) {
  ARROW_ASSIGN_OR_RAISE(const auto alone, catalog.ReadAlone(spec_.name));
  return ampload::CheckNeighbours("lmdb", spec_, replacing_, others, alone.value_or(""));
}

// Since the take-over a stream may have begun.
Status LmdbSession::RefuseBesideAStream(Catalog& catalog) const {
  if (!replaces() || replacing_ || spec_.streaming) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto others, catalog.ReadCheckpoints(spec_.name));
  std::erase_if(others, [&](const Checkpoint& one) { return one.pipeline == spec_.pipeline; });
  return ampload::CheckNeighbours("lmdb", spec_, replacing_, others, "");
}

Status LmdbSession::InstallPipeline(Catalog& catalog, const std::vector<Checkpoint>& others,
                                    Recovered* recovered) {
  recovered->finding = RecoverFinding::kFresh;
  if (fence_.has_value() && fence_->sequence > 0 && !spec_.reset_pipeline) {
    if (!table_.has_value() || table_->uuid != fence_->table_identity) {
      return PermanentError(
          "lmdb: the pipeline has a checkpoint, but its table is " +
          std::string(table_.has_value() ? "another one now" : "gone") +
          "; nothing was changed. Load under another --pipeline name to start afresh: table=" +
          spec_.name + " pipeline=" + spec_.pipeline);
    }
    recovered->finding = RecoverFinding::kResumed;
    recovered->checkpoint = *fence_;
  }
  if (!fence_.has_value()) {
    ARROW_ASSIGN_OR_RAISE(const int64_t slot, ClaimSlot("lmdb", spec_, others));
    fence_.emplace();
    fence_->table = spec_.name;
    fence_->pipeline = spec_.pipeline;
    fence_->slot = slot;
  }
  fence_->owner = load_.nonce;
  fence_->epoch.value += 1;
  fence_->store_handle = load_.Holder();
  recovered->slot = fence_->slot;
  if (recovered->checkpoint.has_value()) recovered->checkpoint = *fence_;
  if (by_key() && spec_.streaming) {
    ARROW_RETURN_NOT_OK(catalog.WriteAlone(spec_.name, spec_.pipeline));
  }
  return catalog.WriteCheckpoint(*fence_);
}

}  // namespace ampload::lmdb
