#include "loader/fence.h"

#include <utility>
#include <variant>

#include "ampload/fault_point.h"

namespace ampload {
namespace {

bool TookOver(const Checkpoint& now, const Checkpoint& mine) {
  return now.owner != mine.owner && now.epoch >= mine.epoch;
}

}  // namespace

Checkpoint UnderFence(const Checkpoint& from_engine, const Checkpoint& fence,
                      std::string table_identity) {
  Checkpoint next = from_engine;
  next.table = fence.table;
  next.pipeline = fence.pipeline;
  next.owner = fence.owner;
  next.epoch = fence.epoch;
  next.sequence = fence.sequence + 1;
  next.slot = fence.slot;
  next.store_handle = fence.store_handle;
  next.table_identity = std::move(table_identity);
  return next;
}

CommitOutcome RefusalOf(std::string_view store, const Checkpoint& mine,
                        const std::optional<Checkpoint>& now) {
  if (!now.has_value()) return Conflict{"the checkpoint is gone"};
  if (AMPLOAD_SAFEGUARD("fence") && TookOver(*now, mine)) return Fenced{now->store_handle};
  return Conflict{std::string(store) + " went back to an older state"};
}

Status CheckFence(std::string_view loader, std::string_view store, const Checkpoint& mine,
                  const std::optional<Checkpoint>& now, const std::string& where,
                  std::optional<CommitOutcome>* refusal) {
  refusal->reset();
  if (now.has_value()) {
    const bool same_owner = now->owner == mine.owner && now->epoch == mine.epoch;
    const bool same_sequence = now->sequence == mine.sequence;
    if ((same_owner || !AMPLOAD_SAFEGUARD("fence")) &&
        (same_sequence || !AMPLOAD_SAFEGUARD("sequence_check"))) {
      return Status::OK();
    }
  }
  *refusal = RefusalOf(store, mine, now);
  const std::string pipeline = where + " pipeline=" + mine.pipeline;
  if (const auto* fenced = std::get_if<Fenced>(&**refusal)) {
    return ConflictError(std::string(loader) + ": another process took over this pipeline; stop" +
                             pipeline + " by=" + fenced->by,
                         "FENCED");
  }
  return ConflictError(std::string(loader) +
                       ": the pipeline's checkpoint is not what this session wrote" + pipeline);
}

Result<RecoverFinding> CompareWithFence(std::string_view loader, const Checkpoint& mine,
                                        const Checkpoint& now, const std::string& where) {
  if (TookOver(now, mine)) return RecoverFinding::kFenced;
  if (now.owner != mine.owner) {
    return PermanentError(
        std::string(loader) +
        ": the store went back to a state before this session's take-over; start again" + where +
        " pipeline=" + mine.pipeline);
  }
  const bool compared = AMPLOAD_SAFEGUARD("sequence_check");
  if (compared && now.sequence > mine.sequence) return RecoverFinding::kCommitted;
  if (compared && now.sequence < mine.sequence) return RecoverFinding::kWentBack;
  return RecoverFinding::kNotCommitted;
}

}  // namespace ampload
