#include "conformance/amp/block_rows.h"

#include <arrow/builder.h>

#include <cstring>
#include <numeric>
#include <utility>

#include "base/hex.h"
#include "base/sha256.h"
#include "conformance/chain/dice.h"

namespace ampload::conformance {
namespace {

constexpr int32_t kHashBytes = 32;

// Dice that a block and a purpose throw always the same.
Dice DiceOf(const std::string& purpose, uint64_t seed, const std::string& hash) {
  const auto digest = base::Sha256(purpose + ' ' + std::to_string(seed) + ' ' + hash);
  uint64_t word;
  std::memcpy(&word, digest.data(), sizeof word);
  return Dice(word);
}

}  // namespace

Result<std::array<uint8_t, kHashBytes>> HashBytes(const std::string& hash) {
  ARROW_ASSIGN_OR_RAISE(const std::string bytes, base::FromHex(hash));
  std::array<uint8_t, kHashBytes> out{};
  if (bytes.size() != out.size()) {
    return DataError("chain: a hash is not 32 bytes: hash=" + hash);
  }
  std::memcpy(out.data(), bytes.data(), out.size());
  return out;
}

std::vector<uint64_t> RowOrder(uint64_t count, uint64_t order_seed, const std::string& hash) {
  std::vector<uint64_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  if (order_seed == 0) return order;
  Dice dice = DiceOf("order", order_seed, hash);
  for (uint64_t i = count; i > 1; --i) std::swap(order[i - 1], order[dice.Below(i)]);
  return order;
}

MadeUpRows::MadeUpRows(MadeUpRowsOptions options) : options_(std::move(options)) {
  arrow::FieldVector fields = {
      arrow::field("block_num", arrow::uint64(), false),
      arrow::field("log_index", arrow::int32(), false),
      arrow::field("network", arrow::utf8(), false),
      arrow::field("block_hash", arrow::fixed_size_binary(kHashBytes), false),
      arrow::field("value", arrow::int64(), false),
      arrow::field("text", arrow::utf8(), false),
  };
  if (!options_.extra_column.empty()) {
    fields.push_back(arrow::field(options_.extra_column, arrow::int64()));
  }
  schema_ = arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::RecordBatch>> MadeUpRows::RowsOf(std::span<const ChainBlock> blocks,
                                                               uint64_t order_seed) const {
  arrow::UInt64Builder numbers;
  arrow::Int32Builder indexes;
  arrow::StringBuilder networks;
  arrow::FixedSizeBinaryBuilder hashes(arrow::fixed_size_binary(kHashBytes));
  arrow::Int64Builder values;
  arrow::StringBuilder texts;
  for (const ChainBlock& block : blocks) {
    Dice dice = DiceOf("rows", options_.seed, block.network + ' ' + block.hash);
    const uint64_t count =
        options_.exactly ? options_.most_rows : dice.Below(options_.most_rows + 1);
    std::vector<int64_t> drawn(count);
    for (int64_t& value : drawn) value = static_cast<int64_t>(dice.Next());
    ARROW_ASSIGN_OR_RAISE(const auto hash, HashBytes(block.hash));
    for (const uint64_t i : RowOrder(count, order_seed, block.hash)) {
      ARROW_RETURN_NOT_OK(numbers.Append(block.number));
      ARROW_RETURN_NOT_OK(indexes.Append(static_cast<int32_t>(i)));
      ARROW_RETURN_NOT_OK(networks.Append(block.network));
      ARROW_RETURN_NOT_OK(hashes.Append(hash.data()));
      ARROW_RETURN_NOT_OK(values.Append(drawn[i]));
      std::string text = "row " + std::to_string(drawn[i]);
      if (options_.text_bytes != 0) text.resize(options_.text_bytes, '.');
      ARROW_RETURN_NOT_OK(texts.Append(text));
    }
  }
  std::vector<std::shared_ptr<arrow::Array>> columns;
  const int64_t rows = numbers.length();
  for (arrow::ArrayBuilder* builder :
       {static_cast<arrow::ArrayBuilder*>(&numbers), static_cast<arrow::ArrayBuilder*>(&indexes),
        static_cast<arrow::ArrayBuilder*>(&networks), static_cast<arrow::ArrayBuilder*>(&hashes),
        static_cast<arrow::ArrayBuilder*>(&values), static_cast<arrow::ArrayBuilder*>(&texts)}) {
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), builder->Finish());
  }
  // The extra column says of every row what `value` says.
  if (!options_.extra_column.empty()) columns.push_back(columns[4]);
  return arrow::RecordBatch::Make(schema_, rows, std::move(columns));
}

const std::shared_ptr<arrow::Schema>& HeaderRows::schema() const {
  static const auto schema = arrow::schema({
      arrow::field("block_num", arrow::uint64(), false),
      arrow::field("hash", arrow::fixed_size_binary(kHashBytes), false),
      arrow::field("parent_hash", arrow::fixed_size_binary(kHashBytes), false),
  });
  return schema;
}

Result<std::shared_ptr<arrow::RecordBatch>> HeaderRows::RowsOf(std::span<const ChainBlock> blocks,
                                                               uint64_t) const {
  arrow::UInt64Builder numbers;
  arrow::FixedSizeBinaryBuilder hashes(arrow::fixed_size_binary(kHashBytes));
  arrow::FixedSizeBinaryBuilder parents(arrow::fixed_size_binary(kHashBytes));
  for (const ChainBlock& block : blocks) {
    ARROW_ASSIGN_OR_RAISE(const auto hash, HashBytes(block.hash));
    ARROW_ASSIGN_OR_RAISE(const auto parent, HashBytes(block.parent_hash));
    ARROW_RETURN_NOT_OK(numbers.Append(block.number));
    ARROW_RETURN_NOT_OK(hashes.Append(hash.data()));
    ARROW_RETURN_NOT_OK(parents.Append(parent.data()));
  }
  std::vector<std::shared_ptr<arrow::Array>> columns(3);
  ARROW_ASSIGN_OR_RAISE(columns[0], numbers.Finish());
  ARROW_ASSIGN_OR_RAISE(columns[1], hashes.Finish());
  ARROW_ASSIGN_OR_RAISE(columns[2], parents.Finish());
  return arrow::RecordBatch::Make(schema(), static_cast<int64_t>(blocks.size()),
                                  std::move(columns));
}

}  // namespace ampload::conformance
