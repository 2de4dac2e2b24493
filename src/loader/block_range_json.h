// A block range as JSON, wherever it is kept:
//   {"network":"mainnet","start":10,"end":19,"hash":"0x..","prev_hash":"0x.."}
#pragma once

#include <nlohmann/json.hpp>

#include "ampload/block_range.h"

namespace ampload {

inline nlohmann::ordered_json ToJsonObject(const BlockRange& range) {
  return {{"network", range.network},
          {"start", range.start.value},
          {"end", range.end.value},
          {"hash", range.hash},
          {"prev_hash", range.prev_hash}};
}

}  // namespace ampload
