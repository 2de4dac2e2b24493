// Rows that are ready in memory into one Parquet file, durable: what bench/delta_bench.py measures
// against. Needs no part of ampload but its defaults: zstd, dictionaries, statistics but of bytes,
// row groups of 1,048,576 rows.
//
//   raw_parquet TO FILE...    reads the files' rows, then writes them: as tables and as batches;
//                             then copies them, batch by batch, out of the files; prints one JSON
//                             object
#include <arrow/compute/api.h>
#include <arrow/io/file.h>
#include <arrow/table.h>
#include <arrow/util/thread_pool.h>
#include <fcntl.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace {

constexpr int64_t kRowGroupRows = 1 << 20;
constexpr int64_t kBatchRows = 32768;

[[noreturn]] void Fail(const std::string& why) {
  std::fprintf(stderr, "raw_parquet: %s\n", why.c_str());
  std::exit(1);
}

void Check(const arrow::Status& status) {
  if (!status.ok()) Fail(status.ToString());
}

template <class T>
T Take(arrow::Result<T> result) {
  Check(result.status());
  return *std::move(result);
}

std::shared_ptr<arrow::Table> ReadAll(char** files, int count) {
  std::vector<std::shared_ptr<arrow::Table>> tables;
  for (int i = 0; i < count; ++i) {
    const auto file = Take(arrow::io::ReadableFile::Open(files[i]));
    auto reader = Take(parquet::arrow::OpenFile(file, arrow::default_memory_pool()));
    reader->set_use_threads(true);
    tables.push_back(Take(reader->ReadTable()));
  }
  return Take(arrow::ConcatenateTables(tables));
}

void Sync(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 || fsync(file) != 0) Fail("cannot sync " + path);
  close(file);
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Writes what `rows` puts into a writer.
template <class Rows>
void Write(const arrow::Schema& schema, const std::string& to, Rows rows) {
  const auto file = Take(arrow::io::FileOutputStream::Open(to));
  parquet::WriterProperties::Builder builder;
  builder.compression(parquet::Compression::ZSTD)->max_row_group_length(kRowGroupRows);
  for (const auto& field : schema.fields()) {
    if (field->type()->id() == arrow::Type::BINARY) builder.disable_statistics(field->name());
  }
  const auto properties = builder.build();
  const auto arrow_properties =
      parquet::ArrowWriterProperties::Builder().set_use_threads(true)->build();
  const auto writer = Take(parquet::arrow::FileWriter::Open(schema, arrow::default_memory_pool(),
                                                            file, properties, arrow_properties));
  rows(*writer);
  Check(writer->Close());
  Check(file->Close());
  Sync(to);
  Sync(std::filesystem::path(to).parent_path().string());
}

void PutBatches(arrow::RecordBatchReader& from, parquet::arrow::FileWriter& writer) {
  for (;;) {
    const auto batch = Take(from.Next());
    if (batch == nullptr) return;
    Check(writer.WriteRecordBatch(*batch));
  }
}

void Copy(char** files, int count, parquet::arrow::FileWriter& writer) {
  for (int i = 0; i < count; ++i) {
    parquet::ArrowReaderProperties properties(/*use_threads=*/true);
    properties.set_batch_size(kBatchRows);
    parquet::arrow::FileReaderBuilder builder;
    Check(builder.OpenFile(files[i]));
    const auto reader = Take(builder.properties(properties)->Build());
    PutBatches(*Take(reader->GetRecordBatchReader()), writer);
  }
}

struct Taken {
  double seconds;
  double cpu;
};

template <class Job>
Taken Time(Job job) {
  sync();
  const double cpu = CpuSeconds();
  const auto start = std::chrono::steady_clock::now();
  job();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  return {taken.count(), CpuSeconds() - cpu};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) Fail("usage: raw_parquet TO FILE...");
  const std::string to = argv[1];
  const auto rows = ReadAll(argv + 2, argc - 2);
  const auto& schema = *rows->schema();
  const Taken tables = Time([&] {
    Write(schema, to, [&](auto& writer) { Check(writer.WriteTable(*rows, kRowGroupRows)); });
  });
  const Taken batches = Time([&] {
    Write(schema, to, [&](auto& writer) {
      arrow::TableBatchReader reader(*rows);
      reader.set_chunksize(kBatchRows);
      PutBatches(reader, writer);
    });
  });
  const Taken copy =
      Time([&] { Write(schema, to, [&](auto& writer) { Copy(argv + 2, argc - 2, writer); }); });
  const Taken& best = tables.seconds < batches.seconds ? tables : batches;
  std::printf(
      "{\"rows\": %lld, \"bytes\": %llu, \"seconds\": %.6f, \"cpu_seconds\": %.6f, "
      "\"table_seconds\": %.6f, \"batch_seconds\": %.6f, \"copy_seconds\": %.6f, "
      "\"copy_cpu_seconds\": %.6f}\n",
      static_cast<long long>(rows->num_rows()),
      static_cast<unsigned long long>(std::filesystem::file_size(to)), best.seconds, best.cpu,
      tables.seconds, batches.seconds, copy.seconds, copy.cpu);
}
