// The rows of real blocks, spread over a model chain: files that an Amp server gave, one of blocks
// and one of another table (or only that one).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "conformance/amp/block_rows.h"

namespace ampload::conformance {

struct RealBlocks {
  std::vector<ChainBlock> blocks;  // with their true hashes, linked
  std::shared_ptr<const BlockRows> rows;
};

// Reads FOLDER/PREFIX_TABLE.parquet, and the hashes from FOLDER/PREFIX_blocks.parquet where there
// is such a file, else from column block_hash; the parent of the first block is then made up.
//
// The rows are those of the real blocks, and a block that is not among them (one that replaces
// another, or comes after the last) has the rows of a real one, in turn: with its own number and
// hash in columns block_num, _block_num and block_hash, or hash and parent_hash in a table of
// blocks. All other values are as they were.
Result<RealBlocks> ReadRealBlocks(const std::string& folder, const std::string& prefix,
                                  const std::string& table, const std::string& network);

}  // namespace ampload::conformance
