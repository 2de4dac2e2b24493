// What every blocking verb takes: may I go on, and until when?
#pragma once

#include <chrono>
#include <stop_token>

#include "ampload/status.h"

namespace ampload {

// A stop request (Ctrl-C, SIGTERM, a failed neighbour) and a deadline. Copyable; safe from any
// thread. A default-made one never stops anything.
struct CallContext {
  std::stop_token stop;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();

  // OK, or Cancelled with "interrupted" or "deadline exceeded". Cheap enough to ask once a batch.
  Status Check() const;
};

}  // namespace ampload
