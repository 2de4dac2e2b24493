// A chain that grows and takes blocks back, and remembers every block that it ever had: what a
// server of a stream knows, and the oracle for what a loader must have stored in the end.
#pragma once

#include <arrow/table.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "conformance/amp/block_rows.h"

namespace ampload::conformance {

// The hash that stands where there is no block: the parent of block 0. 32 zero bytes.
extern const char* const kNoBlockHash;

// One network's chain. Everything follows from the constructor's arguments and the calls: the same
// calls make the same hashes and rows, on any machine. Not safe from several threads at once.
//
//   known      0 ─ 1 ─ 2 ─ 3 ─ 4          taken back, still known
//                       └─ 3'─ 4'─ 5'     canonical
class ModelChain {
 public:
  // A chain without blocks as yet. The parent of `first_block` is a block that it once had, unless
  // first_block is 0. `rows` says what the blocks hold; none: MadeUpRows of the seed.
  ModelChain(std::string network, uint64_t first_block, uint64_t seed,
             std::shared_ptr<const BlockRows> rows = nullptr);

  // Appends `count` blocks with made-up hashes.
  void Mine(uint64_t count);

  // Replaces the newest `depth` blocks by `count` others, with other hashes. The first block stays:
  // a depth that reaches it is a data error, and nothing changes.
  Status Reorg(uint64_t depth, uint64_t count);

  // Appends blocks as they are given, for a chain that was recorded. Where the first of them
  // stands at or below the head, what stands from there on is taken back first. They must be linked
  // to each other and to the block below; else a data error, and nothing changes. The very first
  // blocks of a chain without any say what the parent of its first block is.
  Status Append(std::span<const ChainBlock> blocks);

  const std::string& network() const { return network_; }
  const std::shared_ptr<const BlockRows>& rows() const { return rows_; }
  bool empty() const { return canonical_.empty(); }
  // The number of the first block that the chain has or will have.
  uint64_t first() const { return first_; }
  // The newest block's number; none while empty.
  std::optional<uint64_t> head() const;

  // A block of the canonical chain, which must have it.
  const ChainBlock& BlockAt(uint64_t number) const;
  const std::string& HashAt(uint64_t number) const { return BlockAt(number).hash; }
  const std::string& ParentHashAt(uint64_t number) const { return BlockAt(number).parent_hash; }

  // The newest canonical block that is the given block or its ancestor; none where the chain never
  // had such a block. May be first() - 1: the parent of the first block.
  std::optional<uint64_t> ForkOf(uint64_t number, const std::string& hash) const;

  // All blocks from the first up to the one of that hash, on whichever fork it is. A data error
  // where the chain never had it.
  Result<std::vector<ChainBlock>> BlocksTo(const std::string& hash) const;

  // The canonical blocks first..last, both included, which must be there.
  std::span<const ChainBlock> Blocks(uint64_t first, uint64_t last) const;

  // The rows of the canonical chain up to and with `up_to`, by number; default: all. One chunk.
  Result<std::shared_ptr<arrow::Table>> CanonicalRows(std::optional<uint64_t> up_to = {}) const;

 private:
  void Push(ChainBlock block);

  std::string network_;
  uint64_t first_;
  uint64_t seed_;
  uint64_t reorgs_ = 0;
  std::shared_ptr<const BlockRows> rows_;
  std::string first_parent_;
  std::vector<ChainBlock> canonical_;        // canonical_[i].number == first_ + i
  std::map<std::string, ChainBlock> known_;  // by hash, canonical ones too
};

// The rows of all the chains' canonical blocks, by block number and then by network, in one chunk.
// The chains hold rows of one schema.
Result<std::shared_ptr<arrow::Table>> CanonicalRows(std::span<const ModelChain* const> chains);

}  // namespace ampload::conformance
