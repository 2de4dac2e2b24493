#include "base/backoff.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>

namespace ampload::base {

Backoff::Backoff(BackoffLimits limits, uint64_t seed) : limits_(limits), random_(seed) {}

std::chrono::milliseconds Backoff::Next() {
  auto most = limits_.first;
  for (int i = 0; i < tries_ && most < limits_.ceiling; ++i) most *= 2;
  most = std::min(most, limits_.ceiling);
  ++tries_;
  std::uniform_int_distribution<int64_t> between(most.count() / 2, most.count());
  return std::chrono::milliseconds(between(random_));
}

Patience::Patience(BackoffLimits limits, std::optional<std::chrono::milliseconds> most)
    : backoff_(limits), most_(most) {}

void Patience::Worked() {
  backoff_.Reset();
  failing_since_.reset();
}

Result<std::chrono::milliseconds> Patience::AfterFailure(const Status& failure,
                                                         Clock::time_point began) {
  if (!failing_since_.has_value()) failing_since_ = began;
  if (!failure.ok() && most_.has_value() && Clock::now() - *failing_since_ >= *most_) {
    return failure.WithMessage(MessageOf(failure), " (tried for ",
                               std::to_string(most_->count() / 1000), " s)");
  }
  return backoff_.Next();
}

bool WaitFor(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any nobody;
  std::unique_lock lock(mutex);
  nobody.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace ampload::base
