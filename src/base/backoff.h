// How long to wait before trying again: longer each time, never quite the same, up to a ceiling.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <stop_token>

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
  void Reset() { tries_ = 0; }          // what was tried has worked
  int tries() const { return tries_; }  // since the start or Reset

 private:
  BackoffLimits limits_;
  std::mt19937_64 random_;
  int tries_ = 0;
};

// Waits; false where a stop request ended it early.
bool WaitFor(std::chrono::milliseconds time, const std::stop_token& stop);

}  // namespace ampload::base
