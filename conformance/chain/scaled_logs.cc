#include "conformance/chain/scaled_logs.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/sha256.h"
#include "conformance/chain/parquet_file.h"

namespace ampload::conformance {
namespace {

Result<int> IndexOf(const arrow::Schema& schema, const std::string& name, arrow::Type::type type) {
  const int index = schema.GetFieldIndex(name);
  if (index < 0) return DataError("scale: the file holds no logs: missing column=" + name);
  if (schema.field(index)->type()->id() != type) {
    return DataError("scale: the file holds no logs: column=" + name +
                     " type=" + schema.field(index)->type()->ToString());
  }
  return index;
}

// Blocks of the original: last - first + 1.
Result<uint64_t> BlockSpan(const arrow::UInt64Array& numbers) {
  for (int64_t i = 1; i < numbers.length(); ++i) {
    if (numbers.Value(i) < numbers.Value(i - 1)) {
      return DataError("scale: block numbers descend: column=block_num row=" + std::to_string(i));
    }
  }
  return numbers.Value(numbers.length() - 1) - numbers.Value(0) + 1;
}

Result<std::shared_ptr<arrow::Array>> Shifted(const arrow::Array& numbers, uint64_t by) {
  const auto& values = static_cast<const arrow::UInt64Array&>(numbers);
  arrow::UInt64Builder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(values.length()));
  for (int64_t i = 0; i < values.length(); ++i) builder.UnsafeAppend(values.Value(i) + by);
  return builder.Finish();
}

Result<std::shared_ptr<arrow::Array>> Rehashed(const arrow::Array& hashes, uint64_t copy) {
  const auto& values = static_cast<const arrow::FixedSizeBinaryArray&>(hashes);
  arrow::FixedSizeBinaryBuilder builder(values.type());
  ARROW_RETURN_NOT_OK(builder.Reserve(values.length()));
  std::string_view last;
  std::array<uint8_t, 32> digest{};
  for (int64_t i = 0; i < values.length(); ++i) {
    const std::string_view original = values.GetView(i);
    if (i == 0 || original != last) {
      digest = base::Sha256(std::string(original) + " copy " + std::to_string(copy));
      last = original;
    }
    builder.UnsafeAppend(digest.data());
  }
  return builder.Finish();
}

Result<std::shared_ptr<arrow::RecordBatch>> ReadLogs(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
  ARROW_ASSIGN_OR_RAISE(auto reader, parquet::arrow::OpenFile(file, arrow::default_memory_pool()));
  ARROW_ASSIGN_OR_RAISE(auto table, reader->ReadTable());
  if (table->num_rows() == 0) return DataError("scale: the file has no rows: path=" + path);
  return table->CombineChunksToBatch();
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> CopyOfLogs(const arrow::RecordBatch& logs,
                                                       uint64_t copy) {
  const auto& schema = *logs.schema();
  ARROW_ASSIGN_OR_RAISE(const int number, IndexOf(schema, "block_num", arrow::Type::UINT64));
  ARROW_ASSIGN_OR_RAISE(const int block_hash,
                        IndexOf(schema, "block_hash", arrow::Type::FIXED_SIZE_BINARY));
  ARROW_ASSIGN_OR_RAISE(const int tx_hash,
                        IndexOf(schema, "tx_hash", arrow::Type::FIXED_SIZE_BINARY));
  for (const int hash : {block_hash, tx_hash}) {
    if (logs.column(hash)->type()->byte_width() != 32) {
      return DataError("scale: a hash has 32 bytes: column=" + schema.field(hash)->name() +
                       " type=" + schema.field(hash)->type()->ToString());
    }
  }
  ARROW_ASSIGN_OR_RAISE(const uint64_t span,
                        BlockSpan(static_cast<const arrow::UInt64Array&>(*logs.column(number))));
  auto columns = logs.columns();
  if (copy > 0) {
    for (const char* name : {"block_num", "_block_num"}) {
      const int index = schema.GetFieldIndex(name);
      if (index < 0) continue;
      ARROW_RETURN_NOT_OK(IndexOf(schema, name, arrow::Type::UINT64));
      auto& column = columns[static_cast<size_t>(index)];
      ARROW_ASSIGN_OR_RAISE(column, Shifted(*column, copy * span));
    }
    for (const int hash : {block_hash, tx_hash}) {
      auto& column = columns[static_cast<size_t>(hash)];
      ARROW_ASSIGN_OR_RAISE(column, Rehashed(*column, copy));
    }
  }
  return arrow::RecordBatch::Make(logs.schema(), logs.num_rows(), std::move(columns));
}

Status WriteScaledLogs(const std::string& from, int64_t rows, const std::string& to) {
  ARROW_ASSIGN_OR_RAISE(auto logs, ReadLogs(from));
  ARROW_ASSIGN_OR_RAISE(auto file, ParquetFile::Create(to, logs->schema()));
  for (uint64_t copy = 0; file->rows() < rows; ++copy) {
    ARROW_ASSIGN_OR_RAISE(auto batch, CopyOfLogs(*logs, copy));
    ARROW_RETURN_NOT_OK(file->Write(*batch->Slice(0, rows - file->rows())));
  }
  return file->Close();
}

}  // namespace ampload::conformance
