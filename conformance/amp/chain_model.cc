#include "conformance/amp/chain_model.h"

#include <algorithm>
#include <utility>

#include "base/sha256.h"

namespace ampload::conformance {
namespace {

std::string MadeUpHash(const std::string& network, uint64_t seed, uint64_t number,
                       uint64_t reorgs) {
  return "0x" + base::Sha256Hex("block " + network + ' ' + std::to_string(seed) + ' ' +
                                std::to_string(number) + ' ' + std::to_string(reorgs));
}

std::string Where(const ChainBlock& block) {
  return "network=" + block.network + " block=" + std::to_string(block.number) +
         " hash=" + block.hash;
}

Result<std::shared_ptr<arrow::Table>> TableOf(const BlockRows& rows,
                                              std::span<const ChainBlock> blocks) {
  ARROW_ASSIGN_OR_RAISE(auto batch, rows.RowsOf(blocks, 0));
  return arrow::Table::FromRecordBatches(rows.schema(), {std::move(batch)});
}

}  // namespace

const char* const kNoBlockHash =
    "0x0000000000000000000000000000000000000000000000000000000000000000";

ModelChain::ModelChain(std::string network, uint64_t first_block, uint64_t seed,
                       std::shared_ptr<const BlockRows> rows)
    : network_(std::move(network)),
      first_(first_block),
      seed_(seed),
      rows_(rows ? std::move(rows) : std::make_shared<MadeUpRows>(MadeUpRowsOptions{.seed = seed})),
      first_parent_(first_block == 0 ? kNoBlockHash
                                     : MadeUpHash(network_, seed, first_block - 1, 0)) {}

void ModelChain::Push(ChainBlock block) {
  known_.emplace(block.hash, block);
  canonical_.push_back(std::move(block));
}

void ModelChain::Mine(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t number = first_ + canonical_.size();
    Push({network_, number, MadeUpHash(network_, seed_, number, reorgs_),
          canonical_.empty() ? first_parent_ : canonical_.back().hash});
  }
}

Status ModelChain::Reorg(uint64_t depth, uint64_t count) {
  if (depth >= canonical_.size()) {
    return DataError("chain: a reorganisation must leave the first block: network=" + network_ +
                     " depth=" + std::to_string(depth) +
                     " blocks=" + std::to_string(canonical_.size()));
  }
  canonical_.resize(canonical_.size() - depth);
  ++reorgs_;
  Mine(count);
  return Status::OK();
}

Status ModelChain::Append(std::span<const ChainBlock> blocks) {
  if (blocks.empty()) return Status::OK();
  const uint64_t from = blocks.front().number;
  if (from < first_ || from > first_ + canonical_.size()) {
    return DataError("chain: a block does not go on where the chain is: " + Where(blocks.front()));
  }
  const size_t kept = from - first_;
  std::string parent = kept > 0 ? canonical_[kept - 1].hash : blocks.front().parent_hash;
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (blocks[i].number != from + i || blocks[i].parent_hash != parent ||
        blocks[i].network != network_) {
      return DataError("chain: a block is not linked to the one below: " + Where(blocks[i]));
    }
    parent = blocks[i].hash;
  }
  if (kept < canonical_.size()) ++reorgs_;
  if (kept == 0) first_parent_ = blocks.front().parent_hash;
  canonical_.resize(kept);
  for (const ChainBlock& block : blocks) Push(block);
  return Status::OK();
}

std::optional<uint64_t> ModelChain::head() const {
  if (canonical_.empty()) return std::nullopt;
  return canonical_.back().number;
}

const ChainBlock& ModelChain::BlockAt(uint64_t number) const {
  return canonical_.at(number - first_);
}

std::optional<uint64_t> ModelChain::ForkOf(uint64_t number, const std::string& hash) const {
  if (first_ > 0 && number == first_ - 1 && hash == first_parent_) return number;
  auto block = known_.find(hash);
  if (block == known_.end() || block->second.number != number) return std::nullopt;
  while (true) {
    const ChainBlock& at = block->second;
    const size_t index = at.number - first_;
    if (index < canonical_.size() && canonical_[index].hash == at.hash) return at.number;
    if (index == 0) return first_ - 1;
    block = known_.find(at.parent_hash);
  }
}

Result<std::vector<ChainBlock>> ModelChain::BlocksTo(const std::string& hash) const {
  std::vector<ChainBlock> blocks;
  for (const std::string* at = &hash;;) {
    const auto block = known_.find(*at);
    if (block == known_.end()) {
      return DataError("the chain never had the block: network=" + network_ + " hash=" + *at);
    }
    blocks.push_back(block->second);
    if (block->second.number == first_) break;
    at = &block->second.parent_hash;
  }
  std::reverse(blocks.begin(), blocks.end());
  return blocks;
}

std::span<const ChainBlock> ModelChain::Blocks(uint64_t first, uint64_t last) const {
  return std::span(canonical_).subspan(first - first_, last - first + 1);
}

Result<std::shared_ptr<arrow::Table>> ModelChain::CanonicalRows(
    std::optional<uint64_t> up_to) const {
  const uint64_t end = first_ + canonical_.size();
  const uint64_t count =
      up_to ? (*up_to < first_ ? 0 : std::min(*up_to + 1, end) - first_) : end - first_;
  return TableOf(*rows_, std::span(canonical_).first(count));
}

Result<std::shared_ptr<arrow::Table>> CanonicalRows(std::span<const ModelChain* const> chains) {
  std::vector<ChainBlock> blocks;
  for (const ModelChain* chain : chains) {
    if (chain->empty()) continue;
    const auto own = chain->Blocks(chain->first(), *chain->head());
    blocks.insert(blocks.end(), own.begin(), own.end());
  }
  std::ranges::stable_sort(blocks, {}, &ChainBlock::number);
  return TableOf(*chains.front()->rows(), blocks);
}

}  // namespace ampload::conformance
