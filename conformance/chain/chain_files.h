// A chain as files: blocks.parquet, transactions.parquet, logs.parquet.
#pragma once

#include <cstdint>
#include <string>

#include "ampload/status.h"
#include "conformance/chain/chain.h"

namespace ampload::conformance {

struct ChainFileRows {
  int64_t blocks = 0;
  int64_t transactions = 0;
  int64_t logs = 0;
};

// Writes the first `blocks` blocks of the chain into `folder`, which is made where it is missing;
// files of those names are replaced. Memory does not grow with `blocks`. After a failure the files
// are unfinished.
Result<ChainFileRows> WriteChainFiles(const Chain& chain, uint64_t blocks,
                                      const std::string& folder);

}  // namespace ampload::conformance
