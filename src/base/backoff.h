// How long to wait before trying again: longer each time, never quite the same, up to a ceiling.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <stop_token>

#include "ampload/status.h"

namespace ampload::base {

struct BackoffLimits {
  std::chrono::milliseconds first{500};
  std::chrono::milliseconds ceiling{60'000};
};

// The n-th wait is between half and all of first * 2^(n-1), at most the ceiling: many who lost the
// same server do not come back at the same instant. Used from one thread.
class Backoff {
 public:
  explicit Backoff(BackoffLimits limits = {}, uint64_t seed = std::random_device{}());

  std::chrono::milliseconds Next();
  void Reset() { tries_ = 0; }  // what was tried has worked

 private:
  BackoffLimits limits_;
  std::mt19937_64 random_;
  int tries_ = 0;
};

// What is tried again until it has failed for too long, or for ever. Used from one thread.
class Patience {
 public:
  using Clock = std::chrono::steady_clock;

  // `most`: how long failures may go on without any success between; none: for ever.
  Patience(BackoffLimits limits, std::optional<std::chrono::milliseconds> most);

  void Worked();
  // How long to wait before the next try; or the failure, once it went on for too long. `began`
  // counts for the first failure since something worked. An OK (it ended, and did not fail) is
  // waited after as well, and never too much.
  Result<std::chrono::milliseconds> AfterFailure(const Status& failure, Clock::time_point began);

 private:
  Backoff backoff_;
  std::optional<std::chrono::milliseconds> most_;
  std::optional<Clock::time_point> failing_since_;
};

// Waits; false where a stop request ended it early.
bool WaitFor(std::chrono::milliseconds time, const std::stop_token& stop);

}  // namespace ampload::base
