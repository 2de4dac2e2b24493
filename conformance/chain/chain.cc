#include "conformance/chain/chain.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "base/sha256.h"
#include "conformance/chain/transaction_maker.h"

namespace ampload::conformance {
namespace {

constexpr int64_t kGenesisSeconds = 1'438'269'973;  // as the real chain's
constexpr int64_t kSecondsPerBlock = 12;
constexpr uint64_t kBlockGas = 30'000'000;
constexpr size_t kBloomBytes = 256;

// sha256 over the parts' names and numbers: what stands for every hash of this chain.
Hash Digest(std::string_view what, uint64_t seed, uint64_t number, uint64_t index = 0) {
  return base::Sha256(std::string(what) + ' ' + std::to_string(seed) + ' ' +
                      std::to_string(number) + ' ' + std::to_string(index));
}

uint64_t FirstWord(const Hash& hash) {
  uint64_t word;
  std::memcpy(&word, hash.data(), sizeof word);
  return word;
}

void FillHeader(const ChainOptions& options, Rules rules, Dice& dice, Block& block) {
  const uint64_t seed = options.seed;
  block.timestamp_ns =
      (kGenesisSeconds + kSecondsPerBlock * static_cast<int64_t>(block.number)) * 1'000'000'000;
  block.ommers_hash = Digest("no ommers", 0, 0);
  block.miner = AccountOf(seed, dice.Below(8));
  block.state_root = dice.Bytes<32>();
  block.transactions_root = dice.Bytes<32>();
  block.receipt_root = dice.Bytes<32>();
  block.mix_hash = dice.Bytes<32>();
  block.gas_limit = kBlockGas;
  if (!dice.OneIn(4)) block.extra_data = "builder " + std::to_string(dice.Below(5));
  if (rules < Rules::kProofOfStake) {
    block.difficulty =
        arrow::Decimal128(static_cast<int64_t>(dice.Between(1ULL << 40, 1ULL << 53)));
    block.nonce = dice.Next();
    if (block.number % 2 == 1) block.nonce |= 1ULL << 63;
  }
  if (rules == Rules::kProofOfWork) {
    // 2^64 and more, growing with the number.
    block.total_difficulty = arrow::Decimal128(3000, static_cast<uint64_t>(block.number));
  }
  if (rules >= Rules::kDynamicFee) {
    block.base_fee_per_gas =
        arrow::Decimal128(static_cast<int64_t>(dice.Between(7, 90'000'000'000)));
  }
  if (rules >= Rules::kProofOfStake) block.withdrawals_root = dice.Bytes<32>();
  if (rules >= Rules::kBlobs) {
    block.excess_blob_gas = dice.OneIn(2) ? 0 : 131'072 * dice.Below(600);
    block.parent_beacon_root = dice.Bytes<32>();
    block.requests_hash = Digest("no requests", 0, 0);
  }
}

void FillTransactions(const ChainOptions& options, Rules rules, Dice& dice, Block& block) {
  const uint64_t count = dice.OneIn(10) ? 0 : dice.Between(0, 2 * options.txs_per_block);
  uint64_t blobs = 0;
  bool any_log = false;
  for (uint64_t i = 0; i < count; ++i) {
    Transaction& tx = block.transactions.emplace_back(MakeTransaction(options.seed, rules, dice));
    tx.hash = Digest("transaction", options.seed, block.number, i);
    if (tx.blob_versioned_hashes) blobs += tx.blob_versioned_hashes->size();
    any_log |= !tx.logs.empty();
    block.gas_used += tx.gas_used;
  }
  block.logs_bloom = any_log ? dice.String(kBloomBytes) : std::string(kBloomBytes, '\0');
  if (rules >= Rules::kBlobs) block.blob_gas_used = 131'072 * blobs;
}

}  // namespace

Hash Chain::HashOf(uint64_t number) const { return Digest("block", options_.seed, number); }

Block Chain::BlockAt(uint64_t number) const {
  Block block;
  block.number = number;
  block.hash = HashOf(number);
  block.parent_hash = number == 0 ? Hash{} : HashOf(number - 1);
  Dice dice(FirstWord(Digest("dice", options_.seed, number)));
  const Rules rules = RulesOf(number);
  FillHeader(options_, rules, dice, block);
  FillTransactions(options_, rules, dice, block);
  return block;
}

}  // namespace ampload::conformance
