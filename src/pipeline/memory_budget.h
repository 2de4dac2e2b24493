// How --memory is shared out, and the pool that makes a source keep to its share.
//
//   --memory   [ source, soft | queues and encoder | store's staging ]
//                1/4            1/4                  1/2
//              [ source, alone: nothing else is on its way          ]   hard: 1/2
//
// What a process holds beside it (code, libraries' own state, the allocator's slack) is not
// counted.
#pragma once

#include <arrow/memory_pool.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "ampload/status.h"

namespace ampload::pipeline {

struct MemoryBudget {
  static constexpr int64_t kDefault = int64_t{256} << 20;
  static constexpr int64_t kSmallest = int64_t{16} << 20;

  // A configuration error below kSmallest.
  static Result<MemoryBudget> Make(int64_t total);

  int64_t total = kDefault;
  int64_t batch_bytes = 0;  // of one batch from the source
  int64_t source_soft =
      0;  // all Arrow memory of source and batches, while batches are on their way
  int64_t source_hard = 0;    // the same with nothing on its way
  int64_t queue_bytes = 0;    // for each of the two queues
  int64_t staging_bytes = 0;  // TableSpec::staging_bytes
};

// The memory of a source and of the batches that it gives. An allocation above the soft limit waits
// while batches are on their way downstream, whose end frees memory; once none is, it may go up to
// the hard limit. Above that it fails: Status::OutOfMemory that says to raise --memory. So whether
// a load fits does not depend on which thread is faster.
//
// Safe from any thread, but those who work downstream must not allocate here: they would wait for
// themselves. (One of Arrow's CPU threads may wait: the pool has another one for that long.) It
// must outlive everything allocated from it.
class BudgetPool final : public arrow::MemoryPool {
 public:
  BudgetPool(const MemoryBudget& budget, arrow::MemoryPool* parent);
  ~BudgetPool() override = default;

  // One batch on its way; its end is the token's destruction.
  class Token;
  std::shared_ptr<void> OnItsWay();
  // Ends every wait, now and later, with Cancelled.
  void Interrupt();

  using MemoryPool::Allocate;
  using MemoryPool::Free;
  using MemoryPool::Reallocate;
  Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override;
  Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** ptr) override;
  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override;

  void ReleaseUnused() override { parent_->ReleaseUnused(); }
  int64_t bytes_allocated() const override { return used_; }
  int64_t max_memory() const override { return peak_; }
  int64_t total_bytes_allocated() const override { return total_; }
  int64_t num_allocations() const override { return count_; }
  std::string backend_name() const override { return parent_->backend_name(); }

 private:
  Status Reserve(int64_t size);
  void Release(int64_t size);

  const int64_t memory_;
  const int64_t soft_;
  const int64_t hard_;
  arrow::MemoryPool* parent_;
  std::mutex mutex_;
  std::condition_variable freed_;
  int64_t on_their_way_ = 0;
  int64_t waiting_ = 0;
  bool interrupted_ = false;
  std::atomic<int64_t> used_ = 0;
  std::atomic<int64_t> peak_ = 0;
  std::atomic<int64_t> total_ = 0;
  std::atomic<int64_t> count_ = 0;
};

}  // namespace ampload::pipeline
