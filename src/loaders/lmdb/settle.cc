// The session's question after an unknown outcome: what does the store say?
#include <utility>

#include "ampload/fault_point.h"
#include "loader/fence.h"
#include "loaders/lmdb/session.h"

namespace ampload::lmdb {

Result<Recovered> LmdbSession::Settle() {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_ASSIGN_OR_RAISE(auto txn, environment_->BeginRead());
  ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, false));
  if (one_off()) return SettleOneOff(catalog);
  Recovered recovered;
  ARROW_ASSIGN_OR_RAISE(recovered.checkpoint, catalog.ReadCheckpoint(spec_.name, spec_.pipeline));
  if (!recovered.checkpoint.has_value()) {
    return PermanentError(
        "lmdb: the pipeline's checkpoint is gone; another load has replaced or dropped the table: "
        "table=" +
        spec_.name + " pipeline=" + spec_.pipeline);
  }
  const auto& now = *recovered.checkpoint;
  recovered.slot = now.slot;
  ARROW_ASSIGN_OR_RAISE(recovered.finding,
                        CompareWithFence("lmdb", *fence_, now, ": table=" + spec_.name));
  if (recovered.finding == RecoverFinding::kFenced) {
    recovered.fenced_by = now.store_handle;
    return recovered;
  }
  fence_ = now;
  if (recovered.finding == RecoverFinding::kCommitted) AfterCommit(now);
  return recovered;
}

// A one-off load has a record until its commit, which leaves its nonce with the table.
Result<Recovered> LmdbSession::SettleOneOff(Catalog& catalog) {
  Recovered recovered;
  ARROW_ASSIGN_OR_RAISE(const auto table, catalog.ReadTable(spec_.name));
  ARROW_ASSIGN_OR_RAISE(const auto load, catalog.ReadLoad(spec_.name, load_.nonce));
  const bool committed = table.has_value() && table->last_load == load_.nonce;
  if (committed && AMPLOAD_SAFEGUARD("sequence_check")) {
    recovered.finding = RecoverFinding::kCommitted;
    if (!committed_) AfterCommit(std::nullopt);
  } else if (committed || load.has_value() || !AMPLOAD_SAFEGUARD("open_load_record")) {
    recovered.finding = RecoverFinding::kNotCommitted;
  } else {
    recovered.finding = RecoverFinding::kFenced;
    recovered.fenced_by = "another process, which took this load for dead";
  }
  return recovered;
}

}  // namespace ampload::lmdb
