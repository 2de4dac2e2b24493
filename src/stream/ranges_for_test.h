// Short words for block ranges in tests.
#pragma once

#include <string>

#include "ampload/checkpoint.h"

namespace ampload::stream {

// Block `number` of a network; another `fork` is another block of that number.
inline std::string HashOf(uint64_t number, const std::string& fork = "a") {
  return "0x" + fork + std::to_string(number);
}

// [start, end] on `fork`, whose parent is on `parent_fork`.
inline BlockRange Range(uint64_t start, uint64_t end, const std::string& fork = "a",
                        const std::string& parent_fork = "a",
                        const std::string& network = "mainnet") {
  return {network, BlockNumber{start}, BlockNumber{end}, HashOf(end, fork),
          start == 0 ? "" : HashOf(start - 1, parent_fork)};
}

inline BlockRange OnBase(uint64_t start, uint64_t end, const std::string& fork = "a",
                         const std::string& parent_fork = "a") {
  return Range(start, end, fork, parent_fork, "base");
}

inline LadderEntry Entry(int64_t id, std::vector<BlockRange> ranges, int64_t rows = 1) {
  return {BatchId(id), rows, std::move(ranges)};
}

}  // namespace ampload::stream
