#include "base/backoff.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

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

bool WaitFor(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any nobody;
  std::unique_lock lock(mutex);
  nobody.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace ampload::base
