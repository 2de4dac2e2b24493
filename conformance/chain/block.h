// The values that a made-up Ethereum chain consists of. Plain data; integers of 256 bits are 32
// bytes, the highest first.
#pragma once

#include <arrow/util/decimal.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ampload::conformance {

using Hash = std::array<uint8_t, 32>;
using Address = std::array<uint8_t, 20>;
using Word = std::array<uint8_t, 32>;

struct AccessListEntry {
  Address address;
  std::vector<Hash> storage_keys;
};

struct Authorization {
  uint64_t chain_id = 0;
  Address address;
  uint64_t nonce = 0;
  bool y_parity = false;
  Hash r;
  Hash s;
};

struct Log {
  Address address;
  std::vector<Hash> topics;  // at most four
  std::string data;
};

// The kinds of EIP-2718, by their number.
enum class TransactionType : int32_t {
  kLegacy = 0,
  kAccessList = 1,
  kDynamicFee = 2,
  kBlob = 3,
  kSetCode = 4,
};

struct Transaction {
  TransactionType type = TransactionType::kLegacy;
  Hash hash;
  Address from;
  std::optional<Address> to;  // none: creates a contract
  uint64_t nonce = 0;
  uint64_t gas_limit = 0;
  uint64_t gas_used = 0;
  Word value{};
  std::string input;
  Hash r;
  Hash s;
  bool v_parity = false;
  bool succeeded = true;
  std::optional<uint64_t> chain_id;
  std::optional<arrow::Decimal128> gas_price;
  std::optional<arrow::Decimal128> max_fee_per_gas;
  std::optional<arrow::Decimal128> max_priority_fee_per_gas;
  std::optional<arrow::Decimal128> max_fee_per_blob_gas;
  std::optional<Hash> state_root;
  std::optional<std::vector<AccessListEntry>> access_list;
  std::optional<std::vector<Hash>> blob_versioned_hashes;
  std::optional<std::vector<Authorization>> authorization_list;
  std::vector<Log> logs;
};

struct Block {
  uint64_t number = 0;
  int64_t timestamp_ns = 0;  // since 1970, UTC
  Hash hash;
  Hash parent_hash;
  Hash ommers_hash;
  Address miner;
  Hash state_root;
  Hash transactions_root;
  Hash receipt_root;
  std::string logs_bloom;
  arrow::Decimal128 difficulty;
  std::optional<arrow::Decimal128> total_difficulty;
  uint64_t gas_limit = 0;
  uint64_t gas_used = 0;
  std::string extra_data;
  Hash mix_hash;
  uint64_t nonce = 0;
  std::optional<arrow::Decimal128> base_fee_per_gas;
  std::optional<Hash> withdrawals_root;
  std::optional<uint64_t> blob_gas_used;
  std::optional<uint64_t> excess_blob_gas;
  std::optional<Hash> parent_beacon_root;
  std::optional<Hash> requests_hash;
  std::vector<Transaction> transactions;
};

}  // namespace ampload::conformance
