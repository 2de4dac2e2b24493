// A closed range of blocks of one network, as the source names it.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace ampload {

struct BlockNumber {
  uint64_t value = 0;
  friend constexpr auto operator<=>(BlockNumber, BlockNumber) = default;
};

// [start, end], both included. `hash` is the end block's, `prev_hash` the parent's of the start
// block; both "0x" and lower-case hex. prev_hash is empty only where start is 0.
struct BlockRange {
  std::string network;
  BlockNumber start;
  BlockNumber end;
  std::string hash;
  std::string prev_hash;
  friend bool operator==(const BlockRange&, const BlockRange&) = default;
};

}  // namespace ampload
