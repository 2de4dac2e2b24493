#include "pipeline/held_batches.h"

#include <algorithm>
#include <iterator>

namespace ampload::pipeline {

void HeldBatches::Begin(BatchId id, std::vector<BlockRange> ranges) {
  open_.emplace();
  open_->entry.batch = id;
  open_->entry.ranges = std::move(ranges);
}

void HeldBatches::Add(StagedBatch part, int64_t bytes) {
  open_->entry.rows += part.batch->num_rows();
  open_->bytes += bytes;
  open_->parts.push_back(std::move(part));
}

void HeldBatches::Complete(Clock::time_point now) {
  for (auto& part : open_->parts) part.final_of_batch = &part == &open_->parts.back();
  if (!waits_since_.has_value()) waits_since_ = now;
  if (open_->entry.rows > 0 && !rows_wait_since_.has_value()) rows_wait_since_ = now;
  waiting_.push_back(*std::move(open_));
  open_.reset();
  Recount();
}

void HeldBatches::ForgetOpen() { open_.reset(); }

std::vector<HeldBatch> HeldBatches::TakeWaiting(bool one_with_rows) {
  auto end = waiting_.end();
  if (one_with_rows) {
    end = std::find_if(waiting_.begin(), waiting_.end(),
                       [](const HeldBatch& batch) { return batch.entry.rows > 0; });
    if (end != waiting_.end()) ++end;
  }
  std::vector<HeldBatch> taken(std::make_move_iterator(waiting_.begin()),
                               std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  Recount();
  return taken;
}

void HeldBatches::Drop(const BatchIdSet& waiting) {
  std::erase_if(waiting_,
                [&](const HeldBatch& batch) { return waiting.contains(batch.entry.batch); });
  Recount();
}

void HeldBatches::Clear() {
  open_.reset();
  waiting_.clear();
  Recount();
}

std::vector<StagedBatch> HeldBatches::TakeEarlyParts() {
  std::vector<StagedBatch> taken;
  if (open_->parts.size() < 2) return taken;
  StagedBatch newest = std::move(open_->parts.back());
  open_->parts.pop_back();
  taken.swap(open_->parts);
  open_->parts.push_back(std::move(newest));
  // What is left is about one part; its bytes are not known apart.
  open_->bytes /= static_cast<int64_t>(taken.size() + 1);
  return taken;
}

std::vector<LadderEntry> HeldBatches::WaitingEntries() const {
  std::vector<LadderEntry> entries;
  for (const auto& batch : waiting_) entries.push_back(batch.entry);
  return entries;
}

void HeldBatches::Recount() {
  waiting_rows_ = 0;
  waiting_bytes_ = 0;
  for (const auto& batch : waiting_) {
    waiting_rows_ += batch.entry.rows;
    waiting_bytes_ += batch.bytes;
  }
  if (waiting_.empty()) waits_since_.reset();
  if (waiting_rows_ == 0) rows_wait_since_.reset();
}

}  // namespace ampload::pipeline
