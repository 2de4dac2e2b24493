// Rows as Redis commands, one core: bytes of commands a second, and rows a second. Of the log rows
// of an Ethereum block where AMPLOAD_REAL_DATA names the folder of ethereum_logs.parquet, else of
// random ones; with what the field texts and the rows alone take, for comparison.
#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/io/file.h>
#include <benchmark/benchmark.h>
#include <parquet/arrow/reader.h>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "encode/row_format_encoder.h"
#include "encode/text_encoder.h"
#include "loaders/redis/row_form.h"

namespace ampload::redis {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

constexpr int64_t kRows = 32768;

// Columns of the widths that logs have, so that the program runs without any file.
BatchPtr RandomLogs() {
  std::mt19937_64 dice(7);
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  const auto add = [&](const std::string& name, arrow::ArrayBuilder& builder, const auto& append) {
    for (int64_t row = 0; row < kRows; ++row) {
      if (const Status status = append(row); !status.ok()) status.Abort();
    }
    arrays.push_back(builder.Finish().ValueOrDie());
    fields.push_back(arrow::field(name, arrays.back()->type()));
  };
  for (const auto* name : {"block_num", "log_index"}) {
    arrow::UInt64Builder numbers;
    const bool is_block = std::string_view(name) == "block_num";
    add(name, numbers, [&](int64_t row) {
      return numbers.Append(static_cast<uint64_t>(is_block ? 15'000'000 + row / 700 : row % 700));
    });
  }
  for (const auto& [name, width, null_percent] :
       std::vector<std::tuple<const char*, int32_t, uint64_t>>{{"block_hash", 32, 0},
                                                               {"tx_hash", 32, 0},
                                                               {"address", 20, 0},
                                                               {"topic0", 32, 0},
                                                               {"topic1", 32, 10},
                                                               {"topic2", 32, 30},
                                                               {"topic3", 32, 85}}) {
    arrow::FixedSizeBinaryBuilder hashes(arrow::fixed_size_binary(width));
    add(name, hashes, [&, percent = null_percent, size = static_cast<size_t>(width)](int64_t) {
      const std::string bytes(size, static_cast<char>(dice()));
      return dice() % 100 < percent ? hashes.AppendNull() : hashes.Append(bytes);
    });
  }
  arrow::BinaryBuilder data;
  add("data", data, [&](int64_t) {
    return data.Append(std::string(32 * (dice() % 6), static_cast<char>(dice())));
  });
  return arrow::RecordBatch::Make(arrow::schema(fields), kRows, arrays);
}

// The file's rows over and over.
Result<BatchPtr> RealLogs(const std::string& folder) {
  ARROW_ASSIGN_OR_RAISE(auto file,
                        arrow::io::ReadableFile::Open(folder + "/ethereum_logs.parquet"));
  ARROW_ASSIGN_OR_RAISE(auto reader, parquet::arrow::OpenFile(file, arrow::default_memory_pool()));
  std::shared_ptr<arrow::Table> table;
  ARROW_ASSIGN_OR_RAISE(table, reader->ReadTable());
  std::vector<std::shared_ptr<arrow::Table>> copies;
  for (int64_t rows = 0; rows < kRows; rows += table->num_rows()) copies.push_back(table);
  ARROW_ASSIGN_OR_RAISE(table, arrow::ConcatenateTables(copies));
  return table->Slice(0, kRows)->CombineChunksToBatch();
}

const BatchPtr& Logs() {
  static const BatchPtr logs = [] {
    const char* folder = std::getenv("AMPLOAD_REAL_DATA");
    return folder != nullptr ? RealLogs(folder).ValueOrDie() : RandomLogs();
  }();
  return logs;
}

void Report(benchmark::State& state, int64_t bytes) {
  state.SetBytesProcessed(state.iterations() * bytes);
  state.SetItemsProcessed(state.iterations() * kRows);
  state.counters["bytes/row"] = static_cast<double>(bytes) / static_cast<double>(kRows);
}

void Commands(benchmark::State& state, RowForm form) {
  form.table = "logs";
  form.rows = Logs()->schema();
  const auto encoder = RowEncoder::Make(std::move(form)).ValueOrDie();
  StagedBatch staged;
  staged.batch = Logs();
  int64_t bytes = 0;
  for (auto _ : state) {
    auto encoded = encoder->Encode(staged).ValueOrDie();
    auto& commands = static_cast<EncodedCommands&>(*encoded);
    if (commands.numbered) {
      if (const Status status = RowEncoder::Number("1-", 0, &commands); !status.ok()) {
        status.Abort();
      }
    }
    bytes = commands.commands.size_bytes();
    benchmark::DoNotOptimize(commands.commands.bytes->data());
  }
  Report(state, bytes);
}

void Texts(benchmark::State& state, encode::BinaryText binaries) {
  const auto encoder = encode::TextEncoder::Make(Logs()->schema(), binaries).ValueOrDie();
  int64_t bytes = 0;
  for (auto _ : state) {
    const auto fields = encoder->Encode(*Logs()).ValueOrDie();
    bytes = fields.size_bytes();
    benchmark::DoNotOptimize(fields.bytes->data());
  }
  Report(state, bytes);
}

void Values(benchmark::State& state, encode::ValueFormat format) {
  const auto encoder = encode::MakeRowFormatEncoder(format, Logs()->schema()).ValueOrDie();
  int64_t bytes = 0;
  for (auto _ : state) {
    const auto rows = encoder->Encode(*Logs()).ValueOrDie();
    bytes = rows.size_bytes();
    benchmark::DoNotOptimize(rows.bytes->data());
  }
  Report(state, bytes);
}

constexpr const char* kKey = "{table}:{block_num}:{log_index}";

BENCHMARK_CAPTURE(Texts, bytes, encode::BinaryText::kBytes);
BENCHMARK_CAPTURE(Commands, hash, RowForm{.key_pattern = kKey});
BENCHMARK_CAPTURE(Commands, hash_ttl, RowForm{.key_pattern = kKey, .ttl_ms = 3600000});
BENCHMARK_CAPTURE(Commands, hash_numbered, RowForm{});
BENCHMARK_CAPTURE(Commands, stream, RowForm{.structure = Structure::kStream});
BENCHMARK_CAPTURE(Texts, hex, encode::BinaryText::kHex);
BENCHMARK_CAPTURE(Commands, hash_hex,
                  RowForm{.key_pattern = kKey, .binary = encode::BinaryText::kHex});
BENCHMARK_CAPTURE(Values, msgpack, encode::ValueFormat::kMsgpack);
BENCHMARK_CAPTURE(Commands, string_msgpack,
                  RowForm{.structure = Structure::kString,
                          .key_pattern = kKey,
                          .format = encode::ValueFormat::kMsgpack});
BENCHMARK_CAPTURE(Values, json, encode::ValueFormat::kJson);
BENCHMARK_CAPTURE(Commands, string_json,
                  RowForm{.structure = Structure::kString, .key_pattern = kKey});

}  // namespace
}  // namespace ampload::redis
