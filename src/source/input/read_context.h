// What a blocking read of bytes waits under.
#pragma once

#include <arrow/util/future.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>

#include "ampload/call_context.h"
#include "ampload/status.h"

namespace ampload::source {

// The context of the call that is under way: set by the source at the start of each, asked by
// inputs deep below it, from any thread.
class ReadContext {
 public:
  ReadContext() = default;
  explicit ReadContext(CallContext context) : context_(std::move(context)) {}

  void Set(const CallContext& context) {
    const std::lock_guard lock(mutex_);
    context_ = context;
  }
  CallContext Get() const {
    const std::lock_guard lock(mutex_);
    return context_;
  }

 private:
  mutable std::mutex mutex_;
  CallContext context_;
};

// The future's result, or Cancelled once the context ends. The work behind an abandoned future goes
// on and must own what it touches.
template <class T>
Result<T> Await(const arrow::Future<T>& future, const ReadContext& reads) {
  struct Signal {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    void Raise() {
      // Notified under the lock: the waiter may be gone right after.
      const std::lock_guard lock(mutex);
      done = true;
      changed.notify_all();
    }
  };
  const CallContext context = reads.Get();
  const auto signal = std::make_shared<Signal>();
  future.AddCallback([signal](const Result<T>&) { signal->Raise(); });
  const std::stop_callback on_stop(context.stop, [signal] { signal->Raise(); });
  {
    std::unique_lock lock(signal->mutex);
    const auto done = [&signal] { return signal->done; };
    if (context.deadline == std::chrono::steady_clock::time_point::max()) {
      signal->changed.wait(lock, done);
    } else {
      signal->changed.wait_until(lock, context.deadline, done);
    }
  }
  if (future.is_finished()) return future.result();
  ARROW_RETURN_NOT_OK(context.Check());
  return Status::Cancelled("interrupted");
}

}  // namespace ampload::source
