// For the tests of this folder: a private folder, small Parquet files, everything a source gives.
#pragma once

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "source/file/file_source.h"

namespace ampload::source {

// Deleted with its files.
class TestFolder {
 public:
  TestFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ampload-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string Path(const std::string& name) const { return (path_ / name).string(); }

  // Makes the folders above as well.
  std::string Write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return Path(name);
  }

 private:
  std::filesystem::path path_;
};

inline std::string ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Makes the first page of the group's first column unreadable, by its header.
inline void DamageRowGroup(const std::string& path, int group) {
  const auto reader = parquet::ParquetFileReader::OpenFile(path);
  const auto offset = reader->metadata()->RowGroup(group)->ColumnChunk(0)->data_page_offset();
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(offset);
  file << std::string(20, '\xff');
}

using EditProperties = std::function<void(parquet::WriterProperties::Builder*)>;

inline Status WriteParquet(const std::string& path, const std::shared_ptr<arrow::Table>& table,
                           int64_t row_group_rows = 1 << 20, const EditProperties& edit = {}) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  ARROW_ASSIGN_OR_RAISE(const auto file, arrow::io::FileOutputStream::Open(path));
  parquet::WriterProperties::Builder properties;
  if (edit) edit(&properties);
  const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  ARROW_RETURN_NOT_OK(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), file,
                                                 row_group_rows, properties.build(),
                                                 arrow_properties));
  return file->Close();
}

// One column `name` of first, first + 1, ...
inline std::shared_ptr<arrow::Table> Numbers(const std::string& name, int64_t first,
                                             int64_t count) {
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < count; ++i) EXPECT_TRUE(builder.Append(first + i).ok());
  return arrow::Table::Make(arrow::schema({arrow::field(name, arrow::int64())}),
                            {builder.Finish().ValueOrDie()});
}

// Everything that is left, in order. `origins` gets one entry a batch.
inline Result<std::shared_ptr<arrow::Table>> ReadAll(Source* source,
                                                     std::vector<std::string>* origins = nullptr) {
  arrow::RecordBatchVector batches;
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(auto next, source->Next(CallContext()));
    if (!next.has_value()) break;
    EXPECT_TRUE(next->batch->schema()->Equals(*source->schema(), /*check_metadata=*/true));
    ARROW_RETURN_NOT_OK(next->batch->ValidateFull());
    if (origins != nullptr) origins->push_back(next->origin);
    batches.push_back(next->batch);
  }
  ARROW_ASSIGN_OR_RAISE(const auto table,
                        arrow::Table::FromRecordBatches(source->schema(), batches));
  return table->CombineChunks();
}

inline Result<std::shared_ptr<arrow::Table>> Load(const FileSourceOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto source, OpenFileSource(options));
  return ReadAll(source.get());
}

inline FileSourceOptions Of(std::vector<std::string> paths, std::string where = "") {
  FileSourceOptions options;
  options.paths = std::move(paths);
  options.where = std::move(where);
  return options;
}

// The values of an int64 column.
inline std::vector<int64_t> Int64s(const arrow::Table& table, const std::string& column) {
  std::vector<int64_t> out;
  for (const auto& chunk : table.GetColumnByName(column)->chunks()) {
    const auto& values = static_cast<const arrow::Int64Array&>(*chunk);
    for (int64_t i = 0; i < values.length(); ++i) out.push_back(values.Value(i));
  }
  return out;
}

inline std::vector<int64_t> Range(int64_t first, int64_t count) {
  std::vector<int64_t> out;
  for (int64_t i = 0; i < count; ++i) out.push_back(first + i);
  return out;
}

}  // namespace ampload::source
