// The microbatches that wait for their commit, and the one that is not whole yet. A value; used
// from one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "ampload/checkpoint.h"
#include "ampload/write_session.h"

namespace ampload::pipeline {

struct HeldBatch {
  LadderEntry entry;  // `rows` are counted as they come
  std::vector<StagedBatch> parts;
  int64_t bytes = 0;
};

class HeldBatches {
 public:
  using Clock = std::chrono::steady_clock;

  // A microbatch begins; one that was not whole is forgotten.
  void Begin(BatchId id, std::vector<BlockRange> ranges);
  void Add(StagedBatch part, int64_t bytes);  // to the one that began
  void Complete(Clock::time_point now);       // it is whole now, and waits
  void ForgetOpen();

  // Takes all that waits, or up to the first with rows.
  std::vector<HeldBatch> TakeWaiting(bool one_with_rows);
  void Drop(const BatchIdSet& waiting);  // of the ones that wait
  void Clear();

  // All but the newest of the open one's parts, so that the last can be marked as such.
  std::vector<StagedBatch> TakeEarlyParts();

  const std::vector<HeldBatch>& waiting() const { return waiting_; }
  std::vector<LadderEntry> WaitingEntries() const;
  int64_t waiting_rows() const { return waiting_rows_; }
  int64_t waiting_bytes() const { return waiting_bytes_; }
  int64_t bytes() const { return waiting_bytes_ + (open_.has_value() ? open_->bytes : 0); }
  // Since when something waits; since when rows do.
  std::optional<Clock::time_point> waits_since() const { return waits_since_; }
  std::optional<Clock::time_point> rows_wait_since() const { return rows_wait_since_; }

 private:
  void Recount();

  std::optional<HeldBatch> open_;
  std::vector<HeldBatch> waiting_;  // oldest first
  int64_t waiting_rows_ = 0;
  int64_t waiting_bytes_ = 0;
  std::optional<Clock::time_point> waits_since_;
  std::optional<Clock::time_point> rows_wait_since_;
};

}  // namespace ampload::pipeline
