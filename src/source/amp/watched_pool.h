// A pool that tells when it had to refuse.
#pragma once

#include <arrow/memory_pool.h>

#include <functional>
#include <mutex>
#include <utility>

#include "ampload/status.h"

namespace ampload::source {

// Passes everything on to `parent`, which must outlive it. The first refusal is kept, and
// `on_refusal` is called with it. Safe from any thread.
class WatchedPool final : public arrow::MemoryPool {
 public:
  explicit WatchedPool(arrow::MemoryPool* parent) : parent_(parent) {}

  void SetOnRefusal(std::function<void()> on_refusal) {
    const std::lock_guard lock(mutex_);
    on_refusal_ = std::move(on_refusal);
  }
  // OK: nothing was refused.
  Status refusal() const {
    const std::lock_guard lock(mutex_);
    return refusal_;
  }

  using MemoryPool::Allocate;
  using MemoryPool::Free;
  using MemoryPool::Reallocate;
  Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
    return Watch(parent_->Allocate(size, alignment, out));
  }
  Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** ptr) override {
    return Watch(parent_->Reallocate(old_size, new_size, alignment, ptr));
  }
  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override {
    parent_->Free(buffer, size, alignment);
  }

  void ReleaseUnused() override { parent_->ReleaseUnused(); }
  int64_t bytes_allocated() const override { return parent_->bytes_allocated(); }
  int64_t max_memory() const override { return parent_->max_memory(); }
  int64_t total_bytes_allocated() const override { return parent_->total_bytes_allocated(); }
  int64_t num_allocations() const override { return parent_->num_allocations(); }
  std::string backend_name() const override { return parent_->backend_name(); }

 private:
  Status Watch(Status status) {
    if (status.ok()) return status;
    const std::lock_guard lock(mutex_);
    if (refusal_.ok()) refusal_ = status;
    if (on_refusal_) on_refusal_();
    return status;
  }

  arrow::MemoryPool* parent_;
  mutable std::mutex mutex_;
  std::function<void()> on_refusal_;
  Status refusal_;
};

}  // namespace ampload::source
