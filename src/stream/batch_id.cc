#include "ampload/batch_id.h"

#include <algorithm>
#include <string>

namespace ampload {

Result<BatchId> NextBatchId(std::optional<BatchId> last, int64_t now_ms, int64_t slot) {
  constexpr int64_t kMaxTick = INT64_MAX >> BatchId::kSlotBits;
  if (slot < 0 || slot > BatchId::kMaxSlot) {
    return PermanentError("batch id: no free slot: a table takes at most " +
                          std::to_string(BatchId::kMaxSlot + 1) +
                          " pipelines: slot=" + std::to_string(slot));
  }
  const int64_t after_last = last.has_value() ? last->tick() + 1 : 0;
  const int64_t tick = std::max(after_last, std::max<int64_t>(now_ms, 0));
  if (tick > kMaxTick) {
    return PermanentError("batch id: the clock or the last id is beyond 63 bits: tick=" +
                          std::to_string(tick));
  }
  return BatchId((tick << BatchId::kSlotBits) | slot);
}

}  // namespace ampload
