#include "source/file/parquet_file.h"

#include <arrow/io/file.h>
#include <arrow/util/io_util.h>
#include <fmt/format.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <algorithm>
#include <utility>

#include "source/file/file_format.h"

namespace ampload::source {
namespace {

// What a column holds of the file at a time; a page, once decoded, comes on top.
constexpr int64_t kColumnBuffer = 256 << 10;

// Rows add up and every column chunk lies inside of the file: a file with a piece cut out fails
// here and not after half of it is loaded.
Status CheckFooter(const parquet::FileMetaData& footer, int64_t file_bytes) {
  int64_t rows = 0;
  const int64_t pages_end = file_bytes - static_cast<int64_t>(footer.size()) - 8;
  for (int g = 0; g < footer.num_row_groups(); ++g) {
    const auto group = footer.RowGroup(g);
    if (group->num_rows() < 0) return Status::Invalid("row group ", g, " has a negative row count");
    rows += group->num_rows();
    for (int c = 0; c < group->num_columns(); ++c) {
      const auto chunk = group->ColumnChunk(c);
      int64_t start = chunk->data_page_offset();
      if (chunk->has_dictionary_page() && chunk->dictionary_page_offset() > 0) {
        start = std::min(start, chunk->dictionary_page_offset());
      }
      const int64_t length = chunk->total_compressed_size();
      if (start < 0 || length < 0 || start > pages_end || length > pages_end - start) {
        return Status::Invalid("row group ", g, ", column ", chunk->path_in_schema()->ToDotString(),
                               " lies outside of the file's data: a piece of the file is missing");
      }
    }
  }
  if (rows != footer.num_rows()) {
    return Status::Invalid("the footer counts ", footer.num_rows(), " rows, its row groups ", rows);
  }
  return Status::OK();
}

parquet::ReaderProperties FileProperties() {
  auto properties = parquet::default_reader_properties();
  properties.enable_buffered_stream();
  properties.set_buffer_size(kColumnBuffer);
  properties.set_page_checksum_verification(true);
  return properties;
}

parquet::ArrowReaderProperties ArrowProperties() {
  parquet::ArrowReaderProperties properties(/*use_threads=*/true);
  properties.set_pre_buffer(false);  // it would hold whole row groups
  properties.set_arrow_extensions_enabled(true);
  return properties;
}

}  // namespace

Status DamagedFile(const std::string& path, const Status& cause) {
  if (cause.IsCancelled() || cause.IsOutOfMemory()) return WithContext(cause, "source: " + path);
  if (const int code = arrow::internal::ErrnoFromStatus(cause); code != 0) {
    return PermanentError(
        fmt::format("source: cannot read the file: {}: path={}", MessageOf(cause), path),
        fmt::format("errno {}", code));
  }
  return PermanentError(
      fmt::format("source: damaged Parquet file; copy or write the file again: {}: path={}",
                  MessageOf(cause), path));
}

Result<std::unique_ptr<parquet::arrow::FileReader>> OpenParquetFile(const std::string& path) {
  return CatchParquet(path, [&]() -> Result<std::unique_ptr<parquet::arrow::FileReader>> {
    auto file = arrow::io::ReadableFile::Open(path);
    if (!file.ok()) return DamagedFile(path, file.status());
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, (*file)->GetSize());
    parquet::arrow::FileReaderBuilder builder;
    Status status = builder.Open(*file, FileProperties());
    if (!status.ok()) return DamagedFile(path, status);
    auto reader = builder.properties(ArrowProperties())->Build();
    if (!reader.ok()) return DamagedFile(path, reader.status());
    status = CheckFooter(*(*reader)->parquet_reader()->metadata(), bytes);
    if (!status.ok()) return DamagedFile(path, status);
    return reader;
  });
}

Result<ParquetFileInfo> InspectParquetFile(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const ProbedFile probed, ProbeFile(path));
  ARROW_ASSIGN_OR_RAISE(const auto reader, OpenParquetFile(path));
  ParquetFileInfo info{path, probed.bytes, 0, nullptr};
  const Status status = CatchParquet(path, [&]() -> Status {
    info.rows = reader->parquet_reader()->metadata()->num_rows();
    return reader->GetSchema(&info.schema);
  });
  if (!status.ok()) return WithContext(status, path);
  return info;
}

}  // namespace ampload::source
