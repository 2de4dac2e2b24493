// The machine's clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace ampload::base {

// Milliseconds since 1970. May go back, and differs between machines.
inline int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace ampload::base
