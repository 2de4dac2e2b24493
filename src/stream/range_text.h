// Block ranges as an error message shows them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "ampload/block_range.h"

namespace ampload::stream {

// "network=mainnet start=10 end=19"
std::string RangeText(const BlockRange& range);

// "mainnet 10..19, base 3..8"
std::string RangesText(const std::vector<BlockRange>& ranges);

// "base,mainnet"
std::string NamesText(const std::set<std::string>& names);

}  // namespace ampload::stream
