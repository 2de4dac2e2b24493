// What the stream engine costs, with a server in the same process. Prints one JSON object.
//
//   stream_engine overhead FILE.parquet FOLDER   the file's batches by `load`, then as a stream
//   stream_engine stream FILE.parquet URI        as a stream alone, into table logs
//   stream_engine undo ROWS FOLDER|URI           table logs of so many rows; 10 blocks replaced, 9
//                                                times
//
// FOLDER is made into a new LMDB environment; URI is a store without those tables.
#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "ampload/registry.h"
#include "base/backoff.h"
#include "loader/config_file.h"
#include "loader/target.h"
#include "pipeline/load.h"
#include "pipeline/stream_load.h"

namespace ampload::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

double Since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Memory : public Source {
 public:
  explicit Memory(std::vector<SourceBatch> messages) : messages_(std::move(messages)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override {
    return messages_.front().batch->schema();
  }
  Result<std::optional<SourceBatch>> Next(const CallContext& context) override {
    ARROW_RETURN_NOT_OK(context.Check());
    if (next_ == messages_.size()) {
      if (!endless_) return std::optional<SourceBatch>();
      base::WaitFor(std::chrono::hours(1), context.stop);
      return Status::Cancelled("interrupted");
    }
    if (before_) before_(next_);
    return std::optional(messages_[next_++]);
  }
  void StayOpen() { endless_ = true; }
  void Before(std::function<void(size_t)> verb) { before_ = std::move(verb); }

 private:
  std::vector<SourceBatch> messages_;
  size_t next_ = 0;
  bool endless_ = false;
  std::function<void(size_t)> before_;
};

// One connection, then none.
class Server : public StreamSource {
 public:
  explicit Server(std::unique_ptr<Memory> connection) : connection_(std::move(connection)) {}
  const std::string& name() const override { return name_; }
  Result<std::unique_ptr<Source>> Open(const StreamCursor&, const CallContext&) override {
    if (connection_ == nullptr) return PermanentError("a second connection");
    return std::move(connection_);
  }

 private:
  const std::string name_ = "memory";
  std::unique_ptr<Memory> connection_;
};

std::string Hash(uint64_t block, uint64_t fork) {
  return "0x" + std::to_string(block) + "f" + std::to_string(fork);
}

Result<std::unique_ptr<Loader>> Connect(const LoaderRegistry& registry, const std::string& target) {
  std::string uri = target;
  if (target.find("://") == std::string::npos && !target.starts_with("delta:")) {
    std::error_code ignored;
    std::filesystem::remove_all(target, ignored);
    uri = "lmdb:" + target;
  }
  ARROW_ASSIGN_OR_RAISE(const auto resolved, ResolveTarget(registry, ConfigFile{}, uri));
  ARROW_ASSIGN_OR_RAISE(auto loader, resolved.descriptor->make(resolved.config));
  ARROW_RETURN_NOT_OK(loader->Connect(CallContext{}));
  return loader;
}

Result<Batches> ReadParquet(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
  ARROW_ASSIGN_OR_RAISE(const auto reader,
                        parquet::arrow::OpenFile(file, arrow::default_memory_pool()));
  ARROW_ASSIGN_OR_RAISE(const auto table, reader->ReadTable());
  arrow::TableBatchReader rows(*table);
  rows.set_chunksize(20'000);
  return rows.ToRecordBatches();
}

const std::vector<std::string> kKeys = {"block_num", "log_index"};

std::vector<std::string> KeysFor(const Loader& loader) {
  return loader.traits().supports_keys ? kKeys : std::vector<std::string>();
}

// A message a batch, each of 1000 blocks.
std::vector<SourceBatch> MessagesOf(const Batches& batches) {
  std::vector<SourceBatch> messages;
  uint64_t block = 0;
  for (const auto& batch : batches) {
    SourceBatch message;
    message.batch = batch;
    message.ranges = {{"bench", BlockNumber{block}, BlockNumber{block + 999}, Hash(block + 999, 0),
                       block == 0 ? "" : Hash(block - 1, 0)}};
    message.ranges_complete = true;
    block += 1000;
    messages.push_back(std::move(message));
  }
  return messages;
}

struct Streamed {
  int64_t rows = 0;
  double seconds = 0;
  int64_t commits = 0;
};

Result<Streamed> StreamInto(Loader& loader, const std::vector<SourceBatch>& messages) {
  pipeline::StreamRequest stream;
  stream.table.name = "logs";
  stream.table.keys = KeysFor(loader);
  stream.table.pipeline = "bench";
  stream.until = messages.back().ranges.front().end;
  ARROW_RETURN_NOT_OK(pipeline::ShareMemory(int64_t{256} << 20, &stream));
  auto connection = std::make_unique<Memory>(messages);
  connection->StayOpen();
  Server server(std::move(connection));
  const auto start = Clock::now();
  const auto streamed = pipeline::RunStream(server, loader, stream, CallContext{});
  ARROW_RETURN_NOT_OK(streamed.status);
  return Streamed{streamed.result.rows_loaded, Since(start), streamed.progress.commits};
}

Result<nlohmann::json> Stream(const std::string& path, const std::string& uri) {
  const auto registry = LoaderRegistry::BuiltIn();
  ARROW_ASSIGN_OR_RAISE(const Batches batches, ReadParquet(path));
  ARROW_ASSIGN_OR_RAISE(const auto loader, Connect(registry, uri));
  ARROW_ASSIGN_OR_RAISE(const auto streamed, StreamInto(*loader, MessagesOf(batches)));
  return nlohmann::json{
      {"rows", streamed.rows}, {"seconds", streamed.seconds}, {"commits", streamed.commits}};
}

Result<nlohmann::json> Overhead(const std::string& path, const std::string& folder) {
  const auto registry = LoaderRegistry::BuiltIn();
  ARROW_ASSIGN_OR_RAISE(const Batches batches, ReadParquet(path));
  const auto messages = MessagesOf(batches);

  ARROW_ASSIGN_OR_RAISE(auto loader, Connect(registry, folder + "/load"));
  pipeline::LoadRequest load;
  load.table.name = "logs";
  load.table.keys = kKeys;
  Memory source(messages);
  const auto start = Clock::now();
  const auto loaded = pipeline::RunLoad(source, *loader, load, CallContext{});
  const double load_seconds = Since(start);
  ARROW_RETURN_NOT_OK(loaded.status);

  ARROW_ASSIGN_OR_RAISE(loader, Connect(registry, folder + "/stream"));
  ARROW_ASSIGN_OR_RAISE(const auto streamed, StreamInto(*loader, messages));
  if (streamed.rows != loaded.result.rows_loaded) return PermanentError("not the same rows");
  return nlohmann::json{{"rows", loaded.result.rows_loaded},
                        {"load_seconds", load_seconds},
                        {"stream_seconds", streamed.seconds},
                        {"commits", streamed.commits}};
}

constexpr uint64_t kRowsOfABlock = 100;

Result<SourceBatch> Blocks(uint64_t first, uint64_t last, uint64_t fork, uint64_t parent_fork) {
  arrow::UInt64Builder numbers;
  arrow::Int32Builder indexes;
  arrow::BinaryBuilder data;
  for (uint64_t block = first; block <= last; ++block) {
    for (uint64_t i = 0; i < kRowsOfABlock; ++i) {
      ARROW_RETURN_NOT_OK(numbers.Append(block));
      ARROW_RETURN_NOT_OK(indexes.Append(static_cast<int32_t>(i)));
      ARROW_RETURN_NOT_OK(data.Append(std::string(250, static_cast<char>('a' + fork % 26))));
    }
  }
  arrow::ArrayVector columns(3);
  ARROW_ASSIGN_OR_RAISE(columns[0], numbers.Finish());
  ARROW_ASSIGN_OR_RAISE(columns[1], indexes.Finish());
  ARROW_ASSIGN_OR_RAISE(columns[2], data.Finish());
  SourceBatch message;
  message.batch =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("block_num", arrow::uint64()),
                                              arrow::field("log_index", arrow::int32()),
                                              arrow::field("data", arrow::binary())}),
                               static_cast<int64_t>((last - first + 1) * kRowsOfABlock), columns);
  message.ranges = {{"bench", BlockNumber{first}, BlockNumber{last}, Hash(last, fork),
                     first == 0 ? "" : Hash(first - 1, parent_fork)}};
  message.ranges_complete = true;
  return message;
}

Result<nlohmann::json> Undo(uint64_t rows, const std::string& target) {
  constexpr uint64_t kDepth = 10;
  constexpr uint64_t kTimes = 9;
  const auto registry = LoaderRegistry::BuiltIn();
  ARROW_ASSIGN_OR_RAISE(const auto loader, Connect(registry, target));
  const uint64_t base = rows / kRowsOfABlock - kDepth;
  std::vector<SourceBatch> messages;
  for (uint64_t first = 0; first < base; first += 100) {
    ARROW_ASSIGN_OR_RAISE(messages.emplace_back(),
                          Blocks(first, std::min(first + 99, base - 1), 0, 0));
  }
  const size_t first_fork = messages.size();
  for (uint64_t fork = 0; fork <= kTimes; ++fork) {
    // One block more each time, as a chain that wins has.
    ARROW_ASSIGN_OR_RAISE(messages.emplace_back(), Blocks(base, base + kDepth - 1 + fork, fork, 0));
  }
  auto connection = std::make_unique<Memory>(std::move(messages));
  connection->StayOpen();
  std::atomic<int64_t> commits = 0;
  std::atomic<int64_t> given_at = 0;
  const auto now = [] { return Clock::now().time_since_epoch().count(); };
  // A message is given once what came before it is committed.
  connection->Before([&](size_t index) {
    if (index < first_fork) return;
    while (commits < static_cast<int64_t>(index)) {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    given_at = now();
  });
  Server server(std::move(connection));
  pipeline::StreamRequest request;
  request.table.name = "logs";
  request.table.keys = KeysFor(*loader);
  request.table.pipeline = "bench";
  request.cadence.rows = 1;
  request.until = BlockNumber{base + kDepth - 1 + kTimes};
  std::vector<double> milliseconds;
  request.on_commit = [&](const Checkpoint&) {
    if (++commits > static_cast<int64_t>(first_fork) + 1) {
      const Clock::duration took(now() - given_at);
      milliseconds.push_back(std::chrono::duration<double, std::milli>(took).count());
    }
  };
  const auto outcome = pipeline::RunStream(server, *loader, request, CallContext{});
  ARROW_RETURN_NOT_OK(outcome.status);
  std::sort(milliseconds.begin(), milliseconds.end());
  return nlohmann::json{{"rows", rows},
                        {"rows_undone", outcome.progress.rows_undone},
                        {"reorgs", outcome.progress.reorgs},
                        {"median_ms", milliseconds.at(milliseconds.size() / 2)},
                        {"slowest_ms", milliseconds.back()}};
}

}  // namespace
}  // namespace ampload::bench

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  ampload::Result<nlohmann::json> said = ampload::ConfigurationError(
      "usage: stream_engine overhead FILE FOLDER | stream_engine stream FILE URI | "
      "stream_engine undo ROWS FOLDER|URI");
  if (words.size() == 3 && words[0] == "overhead") {
    said = ampload::bench::Overhead(words[1], words[2]);
  } else if (words.size() == 3 && words[0] == "stream") {
    said = ampload::bench::Stream(words[1], words[2]);
  } else if (words.size() == 3 && words[0] == "undo") {
    said = ampload::bench::Undo(std::stoull(words[1]), words[2]);
  }
  if (!said.ok()) {
    std::cerr << "stream_engine: " << ampload::MessageOf(said.status()) << "\n";
    return 1;
  }
  std::cout << said->dump() << "\n";
}
