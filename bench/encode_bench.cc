// Rows from columns, one core: bytes of rows a second, and rows a second.
#include <arrow/api.h>
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "encode/pg/copy_encoder.h"
#include "encode/row_format_encoder.h"
#include "encode/text_encoder.h"

namespace ampload::encode {
namespace {

constexpr int64_t kRows = 32768;
constexpr int64_t kRowsPerBlock = 200;

std::mt19937_64 dice(7);

void Check(const Status& status) {
  if (!status.ok()) status.Abort();
}

// `make(row, builder)` appends one value.
template <class Make>
std::shared_ptr<arrow::Array> Column(const std::shared_ptr<arrow::DataType>& type, Make&& make) {
  auto builder = arrow::MakeBuilder(type).ValueOrDie();
  for (int64_t row = 0; row < kRows; ++row) make(row, *builder);
  return builder->Finish().ValueOrDie();
}

template <class Builder, class Make>
auto Appends(Make make) {
  return [make](int64_t row, arrow::ArrayBuilder& builder) {
    Check(static_cast<Builder&>(builder).Append(make(row)));
  };
}
auto Uint64(auto make) { return Column(arrow::uint64(), Appends<arrow::UInt64Builder>(make)); }
auto Uint32(auto make) { return Column(arrow::uint32(), Appends<arrow::UInt32Builder>(make)); }

std::string RandomBytes(size_t length) {
  std::string bytes(length, '\0');
  for (char& c : bytes) c = static_cast<char>(dice());
  return bytes;
}
std::shared_ptr<arrow::Array> Hashes(int32_t width, unsigned null_percent = 0,
                                     int64_t rows_each = 1) {
  std::string bytes;
  return Column(arrow::fixed_size_binary(width), [&](int64_t row, arrow::ArrayBuilder& builder) {
    if (row % rows_each == 0) bytes = RandomBytes(static_cast<size_t>(width));
    auto& hashes = static_cast<arrow::FixedSizeBinaryBuilder&>(builder);
    Check(dice() % 100 < null_percent ? hashes.AppendNull() : hashes.Append(bytes));
  });
}
std::shared_ptr<arrow::Array> Binaries(uint64_t words) {
  return Column(arrow::binary(), Appends<arrow::BinaryBuilder>([words](int64_t) {
                  return RandomBytes(32 * (dice() % words));
                }));
}
std::shared_ptr<arrow::Array> BlockTimes() {
  return Column(arrow::timestamp(arrow::TimeUnit::NANO, "+00:00"),
                Appends<arrow::TimestampBuilder>([](int64_t row) {
                  return (1655778500 + 12 * (row / kRowsPerBlock)) * 1'000'000'000;
                }));
}
std::shared_ptr<arrow::Array> Decimals(int digits) {
  const auto make = [&] {
    std::string text = "1";
    for (int i = 1; i < digits; ++i) text += static_cast<char>('0' + dice() % 10);
    return text;
  };
  if (digits > 38) {
    return Column(arrow::decimal256(76, 0), Appends<arrow::Decimal256Builder>([&](int64_t) {
                    return arrow::Decimal256(make());
                  }));
  }
  return Column(arrow::decimal128(38, 0), Appends<arrow::Decimal128Builder>(
                                              [&](int64_t) { return arrow::Decimal128(make()); }));
}
std::shared_ptr<arrow::Array> ListOf(const std::shared_ptr<arrow::Array>& values, int64_t most) {
  std::vector<int32_t> offsets{0};
  for (int64_t row = 0; row < kRows; ++row) {
    const int64_t length = static_cast<int64_t>(dice() % static_cast<uint64_t>(most + 1));
    offsets.push_back(static_cast<int32_t>(std::min(values->length(), offsets.back() + length)));
  }
  return std::make_shared<arrow::ListArray>(arrow::list(values->type()), kRows,
                                            arrow::Buffer::FromVector(std::move(offsets)), values);
}

std::shared_ptr<arrow::RecordBatch> Table(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), kRows, arrays);
}

uint64_t BlockOf(int64_t row) { return static_cast<uint64_t>(15'000'000 + row / kRowsPerBlock); }

// The columns of an Ethereum node's logs.
const std::shared_ptr<arrow::RecordBatch>& Logs() {
  static const auto batch = Table({
      {"_block_num", Uint64(BlockOf)},
      {"block_hash", Hashes(32, 0, kRowsPerBlock)},
      {"block_num", Uint64(BlockOf)},
      {"timestamp", BlockTimes()},
      {"tx_hash", Hashes(32, 0, 3)},
      {"tx_index", Uint32([](int64_t row) { return static_cast<uint32_t>(row % 200 / 3); })},
      {"log_index", Uint32([](int64_t row) { return static_cast<uint32_t>(row % 700); })},
      {"address", Hashes(20)},
      {"topic0", Hashes(32)},
      {"topic1", Hashes(32, 10)},
      {"topic2", Hashes(32, 30)},
      {"topic3", Hashes(32, 85)},
      {"data", Binaries(6)},
  });
  return batch;
}

// Transactions: decimals, nulls, a list of structs with a list in them.
const std::shared_ptr<arrow::RecordBatch>& Transactions() {
  static const auto batch = [] {
    const auto keys = ListOf(Hashes(32), 2);
    const auto access = arrow::StructArray::Make(
        arrow::ArrayVector{Hashes(20), keys}, std::vector<std::string>{"address", "storage_keys"});
    return Table({
        {"block_num", Uint64(BlockOf)},
        {"block_hash", Hashes(32, 0, kRowsPerBlock)},
        {"timestamp", BlockTimes()},
        {"tx_index", Uint32([](int64_t row) { return static_cast<uint32_t>(row % 200); })},
        {"tx_hash", Hashes(32)},
        {"to", Hashes(20, 2)},
        {"nonce", Uint64([](int64_t) { return dice() >> (dice() % 64); })},
        {"gas_price", Decimals(11)},
        {"value", Decimals(20)},
        {"input", Binaries(10)},
        {"r", Hashes(32)},
        {"s", Hashes(32)},
        {"from", Hashes(20)},
        {"access_list", ListOf(access.ValueOrDie(), 2)},
    });
  }();
  return batch;
}

const std::shared_ptr<arrow::RecordBatch>& Decimals256() {
  static const auto batch = Table({{"a", Decimals(76)}, {"b", Decimals(60)}, {"c", Decimals(40)}});
  return batch;
}
const std::shared_ptr<arrow::RecordBatch>& Decimals128() {
  static const auto batch = Table({{"a", Decimals(38)}, {"b", Decimals(25)}, {"c", Decimals(12)}});
  return batch;
}

void Report(benchmark::State& state, int64_t bytes) {
  state.SetBytesProcessed(state.iterations() * bytes);
  state.SetItemsProcessed(state.iterations() * kRows);
  state.counters["bytes/row"] = static_cast<double>(bytes) / static_cast<double>(kRows);
}

void Encode(benchmark::State& state, ValueFormat format,
            const std::shared_ptr<arrow::RecordBatch>& batch) {
  const auto encoder = MakeRowFormatEncoder(format, batch->schema()).ValueOrDie();
  int64_t bytes = 0;
  for (auto _ : state) {
    const auto rows = encoder->Encode(*batch).ValueOrDie();
    bytes = rows.size_bytes();
    benchmark::DoNotOptimize(rows.bytes->data());
  }
  Report(state, bytes);
}

void EncodeText(benchmark::State& state, BinaryText binaries,
                const std::shared_ptr<arrow::RecordBatch>& batch) {
  const auto encoder = TextEncoder::Make(batch->schema(), binaries).ValueOrDie();
  int64_t bytes = 0;
  for (auto _ : state) {
    const auto fields = encoder->Encode(*batch).ValueOrDie();
    bytes = fields.size_bytes();
    benchmark::DoNotOptimize(fields.bytes->data());
  }
  Report(state, bytes);
}

void EncodeCopy(benchmark::State& state, const std::shared_ptr<arrow::RecordBatch>& batch) {
  std::vector<pg::PgColumn> columns;
  for (const auto& field : batch->schema()->fields()) {
    columns.push_back({field->name(), pg::TypeForNewColumn(*field).ValueOrDie()});
  }
  const auto encoder =
      pg::CopyEncoder::Make(batch->schema(), std::move(columns), "bench", {}).ValueOrDie();
  int64_t bytes = 0;
  for (auto _ : state) {
    const auto tuples = encoder->Encode(*batch, 0).ValueOrDie();
    bytes = tuples->size();
    benchmark::DoNotOptimize(tuples->data());
  }
  Report(state, bytes);
}

void Decode(benchmark::State& state, ValueFormat format,
            const std::shared_ptr<arrow::RecordBatch>& batch) {
  const auto encoder = MakeRowFormatEncoder(format, batch->schema()).ValueOrDie();
  const auto rows = encoder->Encode(*batch).ValueOrDie();
  std::vector<std::string_view> split;
  for (int64_t row = 0; row < rows.num_rows(); ++row) split.push_back(rows.row(row));
  for (auto _ : state) {
    benchmark::DoNotOptimize(DecodeRows(format, split, batch->schema()).ValueOrDie());
  }
  Report(state, rows.size_bytes());
}

// Each table in every format, one after the other, so that a run's noise falls on all of them.
void RegisterAll() {
  const std::vector<std::pair<std::string, std::shared_ptr<arrow::RecordBatch>>> tables = {
      {"logs", Logs()},
      {"transactions", Transactions()},
      {"decimal128", Decimals128()},
      {"decimal256", Decimals256()}};
  for (const auto& [table, batch] : tables) {
    for (const auto& name : ValueFormatNames()) {
      const ValueFormat format = *ValueFormatOf(name);
      benchmark::RegisterBenchmark(
          ("Encode/" + name + "_" + table).c_str(),
          [format, batch = batch](benchmark::State& state) { Encode(state, format, batch); });
    }
    for (const auto& [name, binaries] :
         {std::pair("text", BinaryText::kBytes), std::pair("text_hex", BinaryText::kHex)}) {
      benchmark::RegisterBenchmark(("Encode/" + std::string(name) + "_" + table).c_str(),
                                   [binaries = binaries, batch = batch](benchmark::State& state) {
                                     EncodeText(state, binaries, batch);
                                   });
    }
    benchmark::RegisterBenchmark(
        ("Encode/postgresql_" + table).c_str(),
        [batch = batch](benchmark::State& state) { EncodeCopy(state, batch); });
  }
  for (const auto& name : ValueFormatNames()) {
    const ValueFormat format = *ValueFormatOf(name);
    benchmark::RegisterBenchmark(
        ("Decode/" + name + "_logs").c_str(),
        [format](benchmark::State& state) { Decode(state, format, Logs()); });
  }
}

}  // namespace
}  // namespace ampload::encode

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  ampload::encode::RegisterAll();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
