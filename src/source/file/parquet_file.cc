#include "source/file/parquet_file.h"

#include <arrow/buffer.h>
#include <fmt/format.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

namespace ampload::source {
namespace {

// A Parquet file:   PAR1 | pages ... | footer | its length, 4 bytes little endian | PAR1
constexpr std::string_view kMagic = "PAR1";
constexpr std::string_view kEncryptedMagic = "PARE";
constexpr int64_t kTail = 8;
constexpr int64_t kSmallest = 12;

// What a column holds of the file at a time; a page, once decoded, comes on top. A remote file is
// asked less often.
constexpr int64_t kColumnBuffer = 256 << 10;
constexpr int64_t kRemoteColumnBuffer = 1 << 20;

Status Truncated(const std::string& path, int64_t size) {
  return PermanentError(
      fmt::format("source: truncated Parquet file: the footer is missing; copy or write the file "
                  "again: path={} size={}",
                  path, size));
}

// Before the Parquet library looks: what can be said better than it does.
Status CheckEnds(arrow::io::RandomAccessFile* file, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  ARROW_ASSIGN_OR_RAISE(const auto head, file->ReadAt(0, 4));
  if (std::string_view(*head) == kEncryptedMagic) {
    return PermanentError(fmt::format(
        "source: Parquet file with an encrypted footer, which cannot be read: path={}", path));
  }
  if (size < kSmallest) return Truncated(path, size);
  ARROW_ASSIGN_OR_RAISE(const auto tail, file->ReadAt(size - kTail, kTail));
  if (!std::string_view(*tail).ends_with(kMagic)) return Truncated(path, size);
  uint32_t footer = 0;
  for (int i = 4; i-- > 0;) footer = footer << 8 | tail->data()[i];
  if (static_cast<int64_t>(footer) > size - kSmallest) {
    return PermanentError(
        fmt::format("source: damaged Parquet file: its footer is said to be larger than the file; "
                    "copy or write the file again: path={} size={} footer={}",
                    path, size, footer));
  }
  return Status::OK();
}

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

// A list takes two levels of a Parquet schema, a map three; how deep rows may be is the encoders'
// matter.
constexpr int kDeepestSchema = 1024;

parquet::ReaderProperties FileProperties(bool remote, arrow::MemoryPool* pool) {
  parquet::ReaderProperties properties(pool);
  properties.enable_buffered_stream();
  properties.set_buffer_size(remote ? kRemoteColumnBuffer : kColumnBuffer);
  properties.set_page_checksum_verification(true);
  properties.set_schema_depth_limit(kDeepestSchema);
  return properties;
}

parquet::ArrowReaderProperties ArrowProperties() {
  parquet::ArrowReaderProperties properties(/*use_threads=*/true);
  properties.set_pre_buffer(false);  // it would hold whole row groups
  properties.set_arrow_extensions_enabled(true);
  return properties;
}

}  // namespace

Result<std::unique_ptr<parquet::arrow::FileReader>> OpenParquetFile(InputFile* input,
                                                                    arrow::MemoryPool* pool) {
  const std::string& path = input->path();
  return CatchParquet(path, [&]() -> Result<std::unique_ptr<parquet::arrow::FileReader>> {
    ARROW_ASSIGN_OR_RAISE(const auto file, input->OpenRandomAccess());
    Status status = CheckEnds(file.get(), path);
    if (!status.ok()) return ParquetFailure(path, status);
    parquet::arrow::FileReaderBuilder builder;
    status = builder.Open(file, FileProperties(input->remote(), pool));
    if (!status.ok()) return ParquetFailure(path, status);
    auto reader = builder.memory_pool(pool)->properties(ArrowProperties())->Build();
    if (!reader.ok()) return ParquetFailure(path, reader.status());
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, file->GetSize());
    status = CheckFooter(*(*reader)->parquet_reader()->metadata(), bytes);
    if (!status.ok()) return ParquetFailure(path, status);
    return reader;
  });
}

}  // namespace ampload::source
