// A queue between threads that is bounded in bytes.
//
//   Push ─▶ [ item 3 MiB | item 8 MiB | item 1 MiB ] ─▶ Pop         sum <= bound, or one item alone
//
// Safe from any number of threads on each side. Items leave in the order in which they came in;
// among several blocked pushers there is no order. The bytes of an item count from Push to Pop:
// what a thread holds in its hands is outside the bound.
//
// A pusher that blocks is woken only when half of the bound is free, and nobody is notified who
// does not wait, so that two threads of different speed do not change places at every item.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "ampload/status.h"

namespace ampload::pipeline {

template <class T>
class ByteQueue {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ByteQueue(int64_t max_bytes) : max_bytes_(max_bytes) {}
  ByteQueue(const ByteQueue&) = delete;
  ByteQueue& operator=(const ByteQueue&) = delete;

  // Takes the item as soon as it fits; one that is larger than the bound goes into an empty queue.
  // Not OK: the item is gone, because the queue is closed (Close's failure, or Cancelled after
  // Close(OK)), or because a stop request ended the wait (Cancelled "interrupted").
  Status Push(T item, int64_t bytes, const std::stop_token& stop = {}) {
    std::unique_lock lock(mutex_);
    const auto may_go_on = [&] { return closed_ || Fits(bytes); };
    if (!may_go_on()) {
      ++waiting_pushers_;
      not_full_.wait(lock, stop, may_go_on);
      --waiting_pushers_;
    }
    if (closed_) return close_status_.ok() ? Status::Cancelled("queue is closed") : close_status_;
    if (!Fits(bytes)) return Status::Cancelled("interrupted");
    items_.emplace_back(std::move(item), bytes);
    bytes_ += bytes;
    const bool wake = waiting_poppers_ > 0;
    lock.unlock();
    if (wake) not_empty_.notify_one();
    return Status::OK();
  }

  // The oldest item; nullopt when the queue was closed with OK and is empty; Close's failure, even
  // where items were left; Cancelled "interrupted" when a stop request ended the wait.
  Result<std::optional<T>> Pop(const std::stop_token& stop = {}) {
    std::unique_lock lock(mutex_);
    WaitForItem([&](auto ready) { not_empty_.wait(lock, stop, ready); });
    if (closed_ && !close_status_.ok()) return close_status_;
    if (items_.empty()) {
      if (closed_) return std::optional<T>();
      return Status::Cancelled("interrupted");
    }
    auto [item, bytes] = std::move(items_.front());
    items_.pop_front();
    bytes_ -= bytes;
    const bool wake = waiting_pushers_ > 0 && bytes_ <= max_bytes_ / 2;
    lock.unlock();
    if (wake) not_full_.notify_all();
    return std::optional<T>(std::move(item));
  }

  // Waits until Pop would not block, a stop request or `until`. False: it was `until`.
  bool WaitUntilReady(Clock::time_point until, const std::stop_token& stop = {}) {
    std::unique_lock lock(mutex_);
    WaitForItem([&](auto ready) { not_empty_.wait_until(lock, stop, until, ready); });
    return closed_ || !items_.empty() || stop.stop_requested();
  }

  // No more items: wakes everyone. A failure drops what is queued, and wins over an earlier or
  // later Close(OK); of two failures the first stays.
  void Close(Status status) {
    std::deque<std::pair<T, int64_t>> dropped;  // destroyed after the lock is given back
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      if (!status.ok() && close_status_.ok()) {
        close_status_ = std::move(status);
        dropped.swap(items_);
        bytes_ = 0;
      }
    }
    not_empty_.notify_all();
    not_full_.notify_all();
  }

  int64_t max_bytes() const { return max_bytes_; }

  // As of some moment: how full it is and who waits.
  struct Situation {
    int64_t items = 0;
    int64_t bytes = 0;
    int waiting_pushers = 0;
    int waiting_poppers = 0;
  };
  Situation Look() const {
    const std::lock_guard lock(mutex_);
    return {static_cast<int64_t>(items_.size()), bytes_, waiting_pushers_, waiting_poppers_};
  }

 private:
  bool Fits(int64_t bytes) const { return items_.empty() || bytes <= max_bytes_ - bytes_; }

  template <class Wait>
  void WaitForItem(Wait wait) {
    const auto ready = [this] { return closed_ || !items_.empty(); };
    if (ready()) return;
    ++waiting_poppers_;
    wait(ready);
    --waiting_poppers_;
  }

  const int64_t max_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable_any not_full_;
  std::condition_variable_any not_empty_;
  std::deque<std::pair<T, int64_t>> items_;
  int64_t bytes_ = 0;
  int waiting_pushers_ = 0;
  int waiting_poppers_ = 0;
  bool closed_ = false;
  Status close_status_;
};

}  // namespace ampload::pipeline
