#include "conformance/chain/columns.h"

#include <arrow/api.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "conformance/chain/schemas.h"

namespace ampload::conformance {
namespace {

using arrow::Decimal128;

// Fills one row of one table: one call a column, in schema order. The first failure is kept for
// End().
class Row {
 public:
  explicit Row(arrow::RecordBatchBuilder& builder) : builder_(builder) {}

  void UInt64(uint64_t value) { Keep(Next<arrow::UInt64Builder>()->Append(value)); }
  void UInt32(size_t value) {
    Keep(Next<arrow::UInt32Builder>()->Append(static_cast<uint32_t>(value)));
  }
  void Int32(int32_t value) { Keep(Next<arrow::Int32Builder>()->Append(value)); }
  void Bool(bool value) { Keep(Next<arrow::BooleanBuilder>()->Append(value)); }
  void Time(int64_t value) { Keep(Next<arrow::TimestampBuilder>()->Append(value)); }
  void Text(const std::string& value) { Keep(Next<arrow::StringBuilder>()->Append(value)); }
  void Bytes(const std::string& value) { Keep(Next<arrow::BinaryBuilder>()->Append(value)); }
  void Number(const Decimal128& value) { Keep(Next<arrow::Decimal128Builder>()->Append(value)); }
  template <size_t N>
  void Fixed(const std::array<uint8_t, N>& value) {
    Keep(Next<arrow::FixedSizeBinaryBuilder>()->Append(value.data()));
  }

  void MaybeUInt64(const std::optional<uint64_t>& value) { value ? UInt64(*value) : Null(); }
  void MaybeNumber(const std::optional<Decimal128>& value) { value ? Number(*value) : Null(); }
  template <size_t N>
  void MaybeFixed(const std::optional<std::array<uint8_t, N>>& value) {
    value ? Fixed(*value) : Null();
  }

  // `append(builder, item)` is called for each item of a list that is there.
  template <class T, class Append>
  void MaybeList(const std::optional<std::vector<T>>& items, Append append) {
    if (!items) return Null();
    auto* list = Next<arrow::ListBuilder>();
    Keep(list->Append());
    for (const T& item : *items) Keep(append(list->value_builder(), item));
  }

  void Null() { Keep(builder_.GetField(column_++)->AppendNull()); }

  Status End() {
    if (status_.ok() && column_ != builder_.num_fields()) {
      return PermanentError("a generated row does not fill its table's columns");
    }
    return status_;
  }

 private:
  template <class B>
  B* Next() {
    return builder_.GetFieldAs<B>(column_++);
  }
  void Keep(const Status& status) { status_ &= status; }

  arrow::RecordBatchBuilder& builder_;
  int column_ = 0;
  Status status_;
};

Status AppendHash(arrow::ArrayBuilder* builder, const Hash& hash) {
  return static_cast<arrow::FixedSizeBinaryBuilder*>(builder)->Append(hash.data());
}

template <class B>
B* Child(arrow::StructBuilder* builder, int i) {
  return static_cast<B*>(builder->field_builder(i));
}

Status AppendAccess(arrow::ArrayBuilder* builder, const AccessListEntry& entry) {
  auto* row = static_cast<arrow::StructBuilder*>(builder);
  ARROW_RETURN_NOT_OK(row->Append());
  ARROW_RETURN_NOT_OK(Child<arrow::FixedSizeBinaryBuilder>(row, 0)->Append(entry.address.data()));
  auto* keys = Child<arrow::ListBuilder>(row, 1);
  ARROW_RETURN_NOT_OK(keys->Append());
  for (const Hash& key : entry.storage_keys) {
    ARROW_RETURN_NOT_OK(AppendHash(keys->value_builder(), key));
  }
  return Status::OK();
}

Status AppendAuthorization(arrow::ArrayBuilder* builder, const Authorization& one) {
  auto* row = static_cast<arrow::StructBuilder*>(builder);
  ARROW_RETURN_NOT_OK(row->Append());
  ARROW_RETURN_NOT_OK(Child<arrow::UInt64Builder>(row, 0)->Append(one.chain_id));
  ARROW_RETURN_NOT_OK(Child<arrow::FixedSizeBinaryBuilder>(row, 1)->Append(one.address.data()));
  ARROW_RETURN_NOT_OK(Child<arrow::UInt64Builder>(row, 2)->Append(one.nonce));
  ARROW_RETURN_NOT_OK(Child<arrow::BooleanBuilder>(row, 3)->Append(one.y_parity));
  ARROW_RETURN_NOT_OK(AppendHash(row->field_builder(4), one.r));
  return AppendHash(row->field_builder(5), one.s);
}

Status AppendBlock(arrow::RecordBatchBuilder& builder, const Block& block) {
  Row row(builder);
  row.UInt64(block.number);
  row.UInt64(block.number);
  row.Time(block.timestamp_ns);
  row.Fixed(block.hash);
  row.Fixed(block.parent_hash);
  row.Fixed(block.ommers_hash);
  row.Fixed(block.miner);
  row.Fixed(block.state_root);
  row.Fixed(block.transactions_root);
  row.Fixed(block.receipt_root);
  row.Bytes(block.logs_bloom);
  row.Number(block.difficulty);
  row.MaybeNumber(block.total_difficulty);
  row.UInt64(block.gas_limit);
  row.UInt64(block.gas_used);
  row.Bytes(block.extra_data);
  row.Fixed(block.mix_hash);
  row.UInt64(block.nonce);
  row.MaybeNumber(block.base_fee_per_gas);
  row.MaybeFixed(block.withdrawals_root);
  row.MaybeUInt64(block.blob_gas_used);
  row.MaybeUInt64(block.excess_blob_gas);
  row.MaybeFixed(block.parent_beacon_root);
  row.MaybeFixed(block.requests_hash);
  return row.End();
}

Status AppendTransaction(arrow::RecordBatchBuilder& builder, const Block& block, size_t index,
                         const Transaction& tx) {
  Row row(builder);
  row.UInt64(block.number);
  row.Fixed(block.hash);
  row.UInt64(block.number);
  row.Time(block.timestamp_ns);
  row.UInt32(index);
  row.Fixed(tx.hash);
  row.MaybeFixed(tx.to);
  row.UInt64(tx.nonce);
  row.MaybeNumber(tx.gas_price);
  row.UInt64(tx.gas_limit);
  row.Text(DigitsOf(tx.value));
  row.Bytes(tx.input);
  row.Fixed(tx.r);
  row.Fixed(tx.s);
  row.Bool(tx.v_parity);
  row.MaybeUInt64(tx.chain_id);
  row.UInt64(tx.gas_used);
  row.Int32(static_cast<int32_t>(tx.type));
  row.MaybeNumber(tx.max_fee_per_gas);
  row.MaybeNumber(tx.max_priority_fee_per_gas);
  row.MaybeNumber(tx.max_fee_per_blob_gas);
  row.Fixed(tx.from);
  row.Bool(tx.succeeded);
  row.MaybeFixed(tx.state_root);
  row.MaybeList(tx.access_list, AppendAccess);
  row.MaybeList(tx.blob_versioned_hashes, AppendHash);
  row.MaybeList(tx.authorization_list, AppendAuthorization);
  return row.End();
}

struct LogPlace {
  size_t tx_index;
  size_t log_index;
};

Status AppendLog(arrow::RecordBatchBuilder& builder, const Block& block, const Transaction& tx,
                 LogPlace place, const Log& log) {
  Row row(builder);
  row.UInt64(block.number);
  row.Fixed(block.hash);
  row.UInt64(block.number);
  row.Time(block.timestamp_ns);
  row.Fixed(tx.hash);
  row.UInt32(place.tx_index);
  row.UInt32(place.log_index);
  row.Fixed(log.address);
  for (size_t i = 0; i < 4; ++i) {
    i < log.topics.size() ? row.Fixed(log.topics[i]) : row.Null();
  }
  row.Bytes(log.data);
  return row.End();
}

}  // namespace

std::string DigitsOf(const Word& word) {
  constexpr uint64_t kBase = 1'000'000'000;
  Word rest = word;
  std::string reversed;
  while (std::any_of(rest.begin(), rest.end(), [](uint8_t byte) { return byte != 0; })) {
    uint64_t remainder = 0;
    for (uint8_t& byte : rest) {
      remainder = remainder << 8 | byte;
      byte = static_cast<uint8_t>(remainder / kBase);
      remainder %= kBase;
    }
    for (uint64_t i = 1; i < kBase; i *= 10, remainder /= 10) {
      reversed += static_cast<char>('0' + remainder % 10);
    }
  }
  while (!reversed.empty() && reversed.back() == '0') reversed.pop_back();
  if (reversed.empty()) return "0";
  return {reversed.rbegin(), reversed.rend()};
}

struct ChainColumns::Builders {
  std::unique_ptr<arrow::RecordBatchBuilder> blocks, transactions, logs;
  int64_t block_rows = 0, transaction_rows = 0, log_rows = 0;
};

ChainColumns::ChainColumns(std::unique_ptr<Builders> builders) : builders_(std::move(builders)) {}
ChainColumns::~ChainColumns() = default;

Result<std::unique_ptr<ChainColumns>> ChainColumns::Make() {
  auto* pool = arrow::default_memory_pool();
  auto builders = std::make_unique<Builders>();
  using arrow::RecordBatchBuilder;
  ARROW_ASSIGN_OR_RAISE(builders->blocks, RecordBatchBuilder::Make(BlocksSchema(), pool));
  ARROW_ASSIGN_OR_RAISE(builders->transactions,
                        RecordBatchBuilder::Make(TransactionsSchema(), pool));
  ARROW_ASSIGN_OR_RAISE(builders->logs, RecordBatchBuilder::Make(LogsSchema(), pool));
  return std::unique_ptr<ChainColumns>(new ChainColumns(std::move(builders)));
}

Status ChainColumns::Append(const Block& block) {
  ARROW_RETURN_NOT_OK(AppendBlock(*builders_->blocks, block));
  ++builders_->block_rows;
  LogPlace place{0, 0};
  for (const Transaction& tx : block.transactions) {
    ARROW_RETURN_NOT_OK(AppendTransaction(*builders_->transactions, block, place.tx_index, tx));
    for (const Log& log : tx.logs) {
      ARROW_RETURN_NOT_OK(AppendLog(*builders_->logs, block, tx, place, log));
      ++place.log_index;
    }
    ++place.tx_index;
  }
  builders_->transaction_rows += static_cast<int64_t>(place.tx_index);
  builders_->log_rows += static_cast<int64_t>(place.log_index);
  return Status::OK();
}

int64_t ChainColumns::most_rows() const {
  return std::max({builders_->block_rows, builders_->transaction_rows, builders_->log_rows});
}

Result<ChainColumns::Batches> ChainColumns::Finish() {
  Batches batches;
  ARROW_ASSIGN_OR_RAISE(batches.blocks, builders_->blocks->Flush());
  ARROW_ASSIGN_OR_RAISE(batches.transactions, builders_->transactions->Flush());
  ARROW_ASSIGN_OR_RAISE(batches.logs, builders_->logs->Flush());
  builders_->block_rows = builders_->transaction_rows = builders_->log_rows = 0;
  return batches;
}

}  // namespace ampload::conformance
