#include "conformance/chain/schemas.h"

#include <arrow/api.h>

#include <string>
#include <utility>

namespace ampload::conformance {
namespace {

using arrow::boolean;
using arrow::fixed_size_binary;
using arrow::int32;
using arrow::uint32;
using arrow::uint64;
using Type = std::shared_ptr<arrow::DataType>;

std::shared_ptr<arrow::Field> Always(std::string name, Type type) {
  return arrow::field(std::move(name), std::move(type), /*nullable=*/false);
}
std::shared_ptr<arrow::Field> Maybe(std::string name, Type type) {
  return arrow::field(std::move(name), std::move(type));
}
Type ListOf(Type type) { return arrow::list(Always("element", std::move(type))); }

const Type kHash = fixed_size_binary(32);
const Type kAddress = fixed_size_binary(20);
const Type kNumber = arrow::decimal128(38, 0);
const Type kTime = arrow::timestamp(arrow::TimeUnit::NANO, "+00:00");

Type AccessList() {
  return ListOf(
      arrow::struct_({Always("address", kAddress), Always("storage_keys", ListOf(kHash))}));
}

Type AuthorizationList() {
  return ListOf(arrow::struct_({Always("chain_id", uint64()), Always("address", kAddress),
                                Always("nonce", uint64()), Always("y_parity", boolean()),
                                Always("r", kHash), Always("s", kHash)}));
}

}  // namespace

const std::shared_ptr<arrow::Schema>& BlocksSchema() {
  static const auto schema = arrow::schema({Always("_block_num", uint64()),
                                            Always("block_num", uint64()),
                                            Always("timestamp", kTime),
                                            Always("hash", kHash),
                                            Always("parent_hash", kHash),
                                            Always("ommers_hash", kHash),
                                            Always("miner", kAddress),
                                            Always("state_root", kHash),
                                            Always("transactions_root", kHash),
                                            Always("receipt_root", kHash),
                                            Always("logs_bloom", arrow::binary()),
                                            Always("difficulty", kNumber),
                                            Maybe("total_difficulty", kNumber),
                                            Always("gas_limit", uint64()),
                                            Always("gas_used", uint64()),
                                            Always("extra_data", arrow::binary()),
                                            Always("mix_hash", kHash),
                                            Always("nonce", uint64()),
                                            Maybe("base_fee_per_gas", kNumber),
                                            Maybe("withdrawals_root", kHash),
                                            Maybe("blob_gas_used", uint64()),
                                            Maybe("excess_blob_gas", uint64()),
                                            Maybe("parent_beacon_root", kHash),
                                            Maybe("requests_hash", kHash)});
  return schema;
}

const std::shared_ptr<arrow::Schema>& TransactionsSchema() {
  static const auto schema = arrow::schema({Always("_block_num", uint64()),
                                            Always("block_hash", kHash),
                                            Always("block_num", uint64()),
                                            Always("timestamp", kTime),
                                            Always("tx_index", uint32()),
                                            Always("tx_hash", kHash),
                                            Maybe("to", kAddress),
                                            Always("nonce", uint64()),
                                            Maybe("gas_price", kNumber),
                                            Always("gas_limit", uint64()),
                                            Always("value", arrow::utf8()),
                                            Always("input", arrow::binary()),
                                            Always("r", kHash),
                                            Always("s", kHash),
                                            Always("v_parity", boolean()),
                                            Maybe("chain_id", uint64()),
                                            Always("gas_used", uint64()),
                                            Always("type", int32()),
                                            Maybe("max_fee_per_gas", kNumber),
                                            Maybe("max_priority_fee_per_gas", kNumber),
                                            Maybe("max_fee_per_blob_gas", kNumber),
                                            Always("from", kAddress),
                                            Always("status", boolean()),
                                            Maybe("state_root", kHash),
                                            Maybe("access_list", AccessList()),
                                            Maybe("blob_versioned_hashes", ListOf(kHash)),
                                            Maybe("authorization_list", AuthorizationList())});
  return schema;
}

const std::shared_ptr<arrow::Schema>& LogsSchema() {
  static const auto schema = arrow::schema(
      {Always("_block_num", uint64()), Always("block_hash", kHash), Always("block_num", uint64()),
       Always("timestamp", kTime), Always("tx_hash", kHash), Always("tx_index", uint32()),
       Always("log_index", uint32()), Always("address", kAddress), Maybe("topic0", kHash),
       Maybe("topic1", kHash), Maybe("topic2", kHash), Maybe("topic3", kHash),
       Always("data", arrow::binary())});
  return schema;
}

}  // namespace ampload::conformance
