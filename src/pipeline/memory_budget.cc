#include "pipeline/memory_budget.h"

#include <arrow/util/thread_pool.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "ampload/log.h"

namespace ampload::pipeline {
namespace {

std::string MiB(int64_t bytes) { return std::to_string(bytes >> 20) + "MiB"; }

// Where one of Arrow's CPU threads waits (Parquet's columns are decoded there), those downstream
// may need it to free the memory that it waits for: another one takes its place as long as this
// lives.
class StandIn {
 public:
  StandIn() : pool_(arrow::internal::GetCpuThreadPool()), needed_(pool_->OwnsThisThread()) {
    if (needed_) Change(+1);
  }
  ~StandIn() {
    if (needed_) Change(-1);
  }
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

 private:
  void Change(int threads) const {
    static std::mutex one_at_a_time;
    const std::lock_guard lock(one_at_a_time);
    const Status status = pool_->SetCapacity(pool_->GetCapacity() + threads);
    if (!status.ok()) LogWarning("memory", MessageOf(status));
  }

  arrow::internal::ThreadPool* pool_;
  bool needed_;
};

}  // namespace

Result<MemoryBudget> MemoryBudget::Make(int64_t total) {
  if (total < kSmallest) {
    return ConfigurationError("--memory is at least " + MiB(kSmallest) +
                              ": memory=" + std::to_string(total));
  }
  MemoryBudget budget;
  budget.total = total;
  budget.batch_bytes = std::clamp<int64_t>(total / 32, 256 << 10, 8 << 20);
  budget.source_soft = total / 4;
  budget.source_hard = total / 2;
  budget.queue_bytes = total / 10;
  budget.staging_bytes = total / 2;
  return budget;
}

// Counts one batch down when it ends, on whichever thread.
class BudgetPool::Token {
 public:
  explicit Token(BudgetPool& pool) : pool_(pool) {}
  ~Token() {
    const std::lock_guard lock(pool_.mutex_);
    --pool_.on_their_way_;
    if (pool_.waiting_ > 0) pool_.freed_.notify_all();
  }
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;

 private:
  BudgetPool& pool_;
};

BudgetPool::BudgetPool(const MemoryBudget& budget, arrow::MemoryPool* parent)
    : memory_(budget.total),
      soft_(budget.source_soft),
      hard_(budget.source_hard),
      parent_(parent) {}

std::shared_ptr<void> BudgetPool::OnItsWay() {
  {
    const std::lock_guard lock(mutex_);
    ++on_their_way_;
  }
  return std::make_shared<Token>(*this);
}

void BudgetPool::Interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  freed_.notify_all();
}

Status BudgetPool::Reserve(int64_t size) {
  std::unique_lock lock(mutex_);
  const auto fits = [&](int64_t limit) { return used_ + size <= limit; };
  const auto must_wait = [&] { return !fits(soft_) && on_their_way_ > 0 && !interrupted_; };
  std::optional<StandIn> stand_in;
  if (must_wait()) stand_in.emplace();
  while (must_wait()) {
    ++waiting_;
    freed_.wait(lock);
    --waiting_;
  }
  if (interrupted_) return Status::Cancelled("interrupted");
  if (!fits(soft_) && !fits(hard_)) {
    return Status::OutOfMemory(
        "reading needs more memory than its half of --memory; set --memory to "
        "more than ",
        MiB(2 * (used_ + size) + (1 << 20)), " (memory=", MiB(memory_), ")");
  }
  used_ += size;
  peak_ = std::max(peak_.load(), used_.load());
  return Status::OK();
}

void BudgetPool::Release(int64_t size) {
  const std::lock_guard lock(mutex_);
  used_ -= size;
  if (waiting_ > 0) freed_.notify_all();
}

Status BudgetPool::Allocate(int64_t size, int64_t alignment, uint8_t** out) {
  ARROW_RETURN_NOT_OK(Reserve(size));
  Status status = parent_->Allocate(size, alignment, out);
  if (!status.ok()) Release(size);
  total_ += size;
  ++count_;
  return status;
}

Status BudgetPool::Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                              uint8_t** ptr) {
  // While it is copied both are there.
  ARROW_RETURN_NOT_OK(Reserve(new_size));
  Status status = parent_->Reallocate(old_size, new_size, alignment, ptr);
  Release(status.ok() ? old_size : new_size);
  total_ += new_size;
  return status;
}

void BudgetPool::Free(uint8_t* buffer, int64_t size, int64_t alignment) {
  parent_->Free(buffer, size, alignment);
  Release(size);
}

}  // namespace ampload::pipeline
