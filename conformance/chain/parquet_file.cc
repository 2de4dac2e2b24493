#include "conformance/chain/parquet_file.h"

#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <utility>

namespace ampload::conformance {

struct ParquetFile::Writer {
  std::shared_ptr<arrow::io::FileOutputStream> file;
  std::unique_ptr<parquet::arrow::FileWriter> rows;
};

ParquetFile::ParquetFile(std::unique_ptr<Writer> writer) : writer_(std::move(writer)) {}
ParquetFile::~ParquetFile() = default;

Result<std::unique_ptr<ParquetFile>> ParquetFile::Create(
    const std::string& path, const std::shared_ptr<arrow::Schema>& schema) {
  auto writer = std::make_unique<Writer>();
  ARROW_ASSIGN_OR_RAISE(writer->file, arrow::io::FileOutputStream::Open(path));
  const auto properties = parquet::WriterProperties::Builder()
                              .compression(arrow::Compression::ZSTD)
                              ->max_row_group_length(kRowGroupRows)
                              ->build();
  const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  ARROW_ASSIGN_OR_RAISE(
      writer->rows, parquet::arrow::FileWriter::Open(*schema, arrow::default_memory_pool(),
                                                     writer->file, properties, arrow_properties));
  return std::unique_ptr<ParquetFile>(new ParquetFile(std::move(writer)));
}

Status ParquetFile::Write(const arrow::RecordBatch& batch) {
  rows_ += batch.num_rows();
  return writer_->rows->WriteRecordBatch(batch);
}

Status ParquetFile::Close() {
  ARROW_RETURN_NOT_OK(writer_->rows->Close());
  return writer_->file->Close();
}

}  // namespace ampload::conformance
