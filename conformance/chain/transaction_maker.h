// Makes the transactions of one block.
#pragma once

#include <cstdint>

#include "conformance/chain/block.h"
#include "conformance/chain/dice.h"

namespace ampload::conformance {

// What a block may hold, from the oldest rules to the newest. Each allows what those before it do.
enum class Rules { kProofOfWork, kDynamicFee, kProofOfStake, kBlobs };

// The rules of a block, by its number.
Rules RulesOf(uint64_t number);

// One of 64 accounts or 16 tokens of the chain with that seed: few, so that they come up again and
// again as on a real chain.
Address AccountOf(uint64_t seed, uint64_t index);
Address TokenOf(uint64_t seed, uint64_t index);

// A transaction with its logs. `hash` is left to the caller.
Transaction MakeTransaction(uint64_t seed, Rules rules, Dice& dice);

}  // namespace ampload::conformance
