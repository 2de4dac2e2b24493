// The identity of one microbatch in one table.
//
//   bit 62 ............. 15 14 ........ 0
//      milliseconds-or-more    slot          as a non-negative int64 (column `_amp_batch_id`)
//
// Ids grow in insertion order across pipelines and are never reused, not even after an undo or when
// a store falls back in time. The slot is the pipeline's own in that table.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <set>

#include "ampload/status.h"

namespace ampload {

class BatchId {
 public:
  static constexpr int kSlotBits = 15;
  static constexpr int64_t kMaxSlot = (int64_t{1} << kSlotBits) - 1;

  constexpr BatchId() = default;
  constexpr explicit BatchId(int64_t value) : value_(value) {}

  constexpr int64_t value() const { return value_; }
  constexpr int64_t slot() const { return value_ & kMaxSlot; }
  constexpr int64_t tick() const { return value_ >> kSlotBits; }

  friend constexpr auto operator<=>(BatchId, BatchId) = default;

 private:
  int64_t value_ = 0;
};

using BatchIdSet = std::set<BatchId>;

// max(last.tick + 1, now_ms) << 15 | slot. `last` is the newest id of this pipeline. Fails on a
// slot outside 0..32767 or when the 63 bits are used up.
Result<BatchId> NextBatchId(std::optional<BatchId> last, int64_t now_ms, int64_t slot);

// Streamed tables carry the id of each row's batch in this int64 column.
inline constexpr char kBatchIdColumn[] = "_amp_batch_id";

}  // namespace ampload
