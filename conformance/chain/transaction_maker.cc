#include "conformance/chain/transaction_maker.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/sha256.h"

namespace ampload::conformance {
namespace {

constexpr uint64_t kGwei = 1'000'000'000;

constexpr Hash FromDigits(std::string_view digits) {
  const auto nibble = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  Hash hash{};
  for (size_t i = 0; i < hash.size(); ++i) {
    hash[i] = static_cast<uint8_t>(nibble(digits[2 * i]) << 4 | nibble(digits[2 * i + 1]));
  }
  return hash;
}

// keccak256 of the events' signatures, the same on every chain.
constexpr Hash kTransfer =
    FromDigits("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
constexpr Hash kApproval =
    FromDigits("8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925");
constexpr Hash kSwap =
    FromDigits("d78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822");

Address AddressOf(std::string_view what, uint64_t seed, uint64_t index) {
  const Hash hash =
      base::Sha256(std::string(what) + ' ' + std::to_string(seed) + ' ' + std::to_string(index));
  Address address;
  std::copy_n(hash.begin(), address.size(), address.begin());
  return address;
}

Address AnyAccount(uint64_t seed, Dice& dice) { return AccountOf(seed, dice.Below(64)); }

// An address as a log's topic has it: 12 zero bytes before it.
Hash AsTopic(const Address& address) {
  Hash topic{};
  std::copy(address.begin(), address.end(), topic.begin() + 12);
  return topic;
}

// Mostly amounts below 2^80; one in eight is one of the values that break programs.
Word Amount(Dice& dice) {
  Word word{};
  if (!dice.OneIn(8)) {
    const size_t length = dice.Below(11);
    for (size_t i = word.size() - length; i < word.size(); ++i) {
      word[i] = static_cast<uint8_t>(dice.Next());
    }
    return word;
  }
  switch (dice.Below(6)) {
    case 0:
      break;  // 0
    case 1:
      word[31] = 1;
      break;  // 1
    case 2:
      word[23] = 1;
      break;  // 2^64
    case 3:
      word[0] = 0x80;
      break;  // 2^255
    case 4:
      word = dice.Bytes<32>();
      break;  // anything
    default:
      word.fill(0xff);  // 2^256 - 1, an unlimited allowance
  }
  return word;
}

std::string AsData(const Word& word) { return {word.begin(), word.end()}; }

Log MakeLog(uint64_t seed, Dice& dice) {
  Log log{.address = TokenOf(seed, dice.Below(16)), .topics = {}, .data = {}};
  const Hash from = AsTopic(AnyAccount(seed, dice));
  const Hash to = AsTopic(AnyAccount(seed, dice));
  switch (dice.Below(16)) {
    case 0:  // without topics
      log.data = dice.String(dice.Below(70));
      break;
    case 1:  // one topic, empty data
      log.topics = {dice.Bytes<32>()};
      break;
    case 2:
    case 3:  // an ERC-721 transfer: the token's number is a topic
      log.topics = {kTransfer, from, to, Amount(dice)};
      break;
    case 4:
    case 5:
    case 6:
      log.topics = {kSwap, from, to};
      for (int i = 0; i < 4; ++i) log.data += AsData(Amount(dice));
      break;
    case 7:
    case 8:
      log.topics = {kApproval, from, to};
      log.data = AsData(Amount(dice));
      break;
    default:
      log.topics = {kTransfer, from, to};
      log.data = AsData(Amount(dice));
  }
  return log;
}

std::vector<AccessListEntry> MakeAccessList(uint64_t seed, Dice& dice) {
  std::vector<AccessListEntry> list(dice.OneIn(2) ? 0 : dice.Between(1, 4));
  for (auto& entry : list) {
    entry.address = TokenOf(seed, dice.Below(16));
    entry.storage_keys.resize(dice.Below(4));  // none is common
    for (auto& key : entry.storage_keys) key = dice.Bytes<32>();
  }
  return list;
}

std::vector<Authorization> MakeAuthorizations(uint64_t seed, Dice& dice) {
  std::vector<Authorization> list(dice.Below(3));
  for (auto& one : list) {
    one.chain_id = dice.Below(2);
    one.address = AnyAccount(seed, dice);
    one.nonce = dice.OneIn(8) ? dice.Next() | 1ULL << 63 : dice.Below(1000);
    one.y_parity = dice.OneIn(2);
    one.r = dice.Bytes<32>();
    one.s = dice.Bytes<32>();
  }
  return list;
}

TransactionType TypeUnder(Rules rules, Dice& dice) {
  const uint64_t roll = dice.Below(10);
  if (rules == Rules::kProofOfWork || roll < 3) return TransactionType::kLegacy;
  if (roll < 4) return TransactionType::kAccessList;
  if (rules == Rules::kBlobs && roll < 5) return TransactionType::kBlob;
  if (rules == Rules::kBlobs && roll < 6) return TransactionType::kSetCode;
  return TransactionType::kDynamicFee;
}

void FillFees(Rules rules, Dice& dice, Transaction& tx) {
  const auto fee = [&dice](uint64_t gwei) {
    return arrow::Decimal128(static_cast<int64_t>(dice.Between(1, gwei * kGwei)));
  };
  // Somebody always offers everything: 38 nines, the largest that the column holds.
  tx.max_fee_per_gas = dice.OneIn(64) ? arrow::Decimal128(std::string(38, '9')) : fee(90);
  if (tx.type < TransactionType::kDynamicFee) {
    tx.gas_price = tx.max_fee_per_gas;
  } else {
    tx.max_priority_fee_per_gas = fee(3);
  }
  if (tx.type == TransactionType::kBlob) tx.max_fee_per_blob_gas = fee(1);
  // Before EIP-155 a signature did not name its chain; before EIP-658 a receipt had a root.
  if (tx.type != TransactionType::kLegacy || !dice.OneIn(4)) tx.chain_id = 1;
  if (rules == Rules::kProofOfWork) tx.state_root = dice.Bytes<32>();
}

void FillLists(uint64_t seed, Dice& dice, Transaction& tx) {
  if (tx.type != TransactionType::kLegacy) tx.access_list = MakeAccessList(seed, dice);
  if (tx.type == TransactionType::kBlob) {
    tx.blob_versioned_hashes.emplace(dice.Between(1, 6));
    for (auto& hash : *tx.blob_versioned_hashes) {
      hash = dice.Bytes<32>();
      hash[0] = 1;
    }
  }
  if (tx.type == TransactionType::kSetCode) tx.authorization_list = MakeAuthorizations(seed, dice);
}

// A third sends value and nothing else, one in twenty creates a contract, the rest call one.
void FillCall(uint64_t seed, Dice& dice, Transaction& tx) {
  const uint64_t roll = dice.Below(60);
  const bool may_create = tx.type < TransactionType::kBlob;
  tx.gas_used = 21'000;
  if (roll < 20) {
    tx.to = AnyAccount(seed, dice);
  } else if (roll < 23 && may_create) {
    tx.input = "\x60\x80\x60\x40" + dice.String(dice.Between(100, 3000));
    tx.gas_used += dice.Between(200'000, 900'000);
  } else {
    tx.to = TokenOf(seed, dice.Below(16));
    tx.input = dice.OneIn(50) ? dice.String(dice.Between(2000, 6000)) : "\xa9\x05\x9c\xbb";
    for (uint64_t words = dice.Below(6); words > 0; --words) tx.input += AsData(Amount(dice));
    tx.gas_used += dice.Between(5'000, 300'000);
    tx.succeeded = !dice.OneIn(12);
    if (tx.succeeded) {
      tx.logs.resize(dice.Below(6));
      for (auto& log : tx.logs) log = MakeLog(seed, dice);
    }
  }
  tx.gas_limit = tx.gas_used + dice.Below(100'000);
}

}  // namespace

Rules RulesOf(uint64_t number) { return static_cast<Rules>(number % 8 / 2); }

Address AccountOf(uint64_t seed, uint64_t index) { return AddressOf("account", seed, index); }
Address TokenOf(uint64_t seed, uint64_t index) { return AddressOf("token", seed, index); }

Transaction MakeTransaction(uint64_t seed, Rules rules, Dice& dice) {
  Transaction tx;
  tx.type = TypeUnder(rules, dice);
  tx.from = AnyAccount(seed, dice);
  tx.nonce = dice.OneIn(100) ? UINT64_MAX - 1 : dice.Below(100'000);
  tx.value = Amount(dice);
  tx.r = dice.Bytes<32>();
  tx.s = dice.Bytes<32>();
  tx.v_parity = dice.OneIn(2);
  FillFees(rules, dice, tx);
  FillLists(seed, dice, tx);
  FillCall(seed, dice, tx);
  return tx;
}

}  // namespace ampload::conformance
