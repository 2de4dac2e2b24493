// A little Ethereum that never was. Every block follows from the options and its number alone, so
// any block can be had without the ones before it, on any machine, always the same.
//
//   rules by number mod 8   0 1  proof of work, legacy transactions only, no base fee, receipts
//   with a state
//                                root; nonces of 64 random bits, every second one above 2^63
//                           2 3  base fee, access lists, dynamic fees
//                           4 5  proof of stake, withdrawals
//                           6 7  blobs, authorization lists
//
// A few blocks hold every shape that real rows have: contract creations (no `to`), logs without
// topics, ERC-20 transfers with amounts of up to 2^256 - 1, empty blocks, inputs and lists, failed
// transactions.
#pragma once

#include <cstdint>

#include "conformance/chain/block.h"

namespace ampload::conformance {

struct ChainOptions {
  uint64_t seed = 1;
  uint64_t first_block = 19'000'000;
  uint64_t txs_per_block = 20;  // on average
};

// Immutable; safe from any thread.
class Chain {
 public:
  explicit Chain(ChainOptions options) : options_(options) {}

  const ChainOptions& options() const { return options_; }

  // The hash of the block of that number, which is also the next block's parent hash.
  Hash HashOf(uint64_t number) const;

  // The block with its transactions and their logs. The parent of block 0 is 32 zero bytes.
  Block BlockAt(uint64_t number) const;

 private:
  ChainOptions options_;
};

}  // namespace ampload::conformance
