#include "source/file/parquet_scan.h"

#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "source/file/batch_size.h"
#include "source/file/int96_range.h"
#include "source/file/parquet_file.h"
#include "source/file/row_group_pruning.h"

namespace ampload::source {
namespace {

void AddLeaves(const parquet::arrow::SchemaField& field, std::vector<int>* leaves) {
  if (field.is_leaf()) leaves->push_back(field.column_index);
  for (const auto& child : field.children) AddLeaves(child, leaves);
}

class ParquetScan final : public FileScan {
 public:
  ParquetScan(std::string path, const ScanPlan& plan,
              std::unique_ptr<parquet::arrow::FileReader> reader)
      : path_(std::move(path)), plan_(plan), reader_(std::move(reader)) {}

  Status Start(const FileInfo& file) {
    return CatchParquet(path_, [&]() -> Status {
      std::shared_ptr<arrow::Schema> schema;
      ARROW_RETURN_NOT_OK(reader_->GetSchema(&schema));
      if (footer().num_rows() != file.rows || !schema->Equals(*file.schema)) {
        return PermanentError(
            fmt::format("source: the file changed while it was loaded: path={}", path_));
      }
      return StartReading();
    });
  }

  Result<std::optional<ScanStep>> Next(int64_t rows, int64_t /*bytes*/) override {
    if (rows_due_ == 0) return std::nullopt;
    return CatchParquet(path_, [&]() -> Result<std::optional<ScanStep>> {
      reader_->set_batch_size(rows);
      std::shared_ptr<arrow::RecordBatch> batch;
      const Status status = batches_->ReadNext(&batch);
      if (!status.ok()) return ParquetFailure(path_, status, Place());
      if (batch == nullptr || batch->num_rows() > rows_due_) {
        return ParquetFailure(
            path_, Status::Invalid("it has fewer or more rows than its footer says"), Place());
      }
      rows_due_ -= batch->num_rows();
      rows_read_ += batch->num_rows();
      const int64_t bytes = BytesOf(*batch);
      return ScanStep{std::move(batch), bytes, {}};
    });
  }

  int64_t row_bytes() const override { return row_bytes_; }

 private:
  const parquet::FileMetaData& footer() const { return *reader_->parquet_reader()->metadata(); }

  Status StartReading() {
    row_groups_.resize(static_cast<size_t>(reader_->num_row_groups()));
    std::iota(row_groups_.begin(), row_groups_.end(), 0);
    if (plan_.filter.has_value()) {
      ARROW_ASSIGN_OR_RAISE(row_groups_, RowGroupsThatMayPass(*reader_, *plan_.filter,
                                                              *plan_.schema, plan_.file_columns));
    }
    for (const int column : plan_.file_read()) {
      AddLeaves(reader_->manifest().schema_fields.at(static_cast<size_t>(column)), &leaves_);
    }
    int64_t bytes = 0;
    for (const int g : row_groups_) {
      const auto group = footer().RowGroup(g);
      rows_due_ += group->num_rows();
      for (const int leaf : leaves_) bytes += group->ColumnChunk(leaf)->total_uncompressed_size();
    }
    if (rows_due_ == 0) return Status::OK();
    row_bytes_ = bytes / rows_due_;
    ARROW_RETURN_NOT_OK(CheckInt96Range(path_, reader_->parquet_reader(), row_groups_, leaves_));
    ARROW_ASSIGN_OR_RAISE(batches_, reader_->GetRecordBatchReader(row_groups_, leaves_));
    return Status::OK();
  }

  // The row group at hand and its largest column: the one to blame where memory runs out.
  std::string Place() const {
    int64_t before = 0;
    for (const int g : row_groups_) {
      const auto group = footer().RowGroup(g);
      before += group->num_rows();
      if (before <= rows_read_) continue;
      std::string column;
      int64_t most = -1;
      for (const int leaf : leaves_) {
        const auto chunk = group->ColumnChunk(leaf);
        if (chunk->total_uncompressed_size() <= most) continue;
        most = chunk->total_uncompressed_size();
        column = chunk->path_in_schema()->ToDotString();
      }
      return fmt::format("row_group={} largest_column={} column_bytes={}", g, column, most);
    }
    return {};
  }

  const std::string path_;
  const ScanPlan& plan_;
  const std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;  // before reader_ in death
  std::vector<int> row_groups_;
  std::vector<int> leaves_;
  int64_t rows_due_ = 0;
  int64_t rows_read_ = 0;
  int64_t row_bytes_ = 0;
};

}  // namespace

Status InspectParquet(FileInfo* info, const ReadOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto reader, OpenParquetFile(info->input.get(), options.pool));
  const Status status = CatchParquet(info->path(), [&]() -> Status {
    info->rows = reader->parquet_reader()->metadata()->num_rows();
    return reader->GetSchema(&info->schema);
  });
  return status.ok() ? status : ParquetFailure(info->path(), status);
}

Result<std::unique_ptr<FileScan>> OpenParquetScan(const FileInfo& file, const ScanPlan& plan,
                                                  const ReadOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto reader, OpenParquetFile(file.input.get(), options.pool));
  auto scan = std::make_unique<ParquetScan>(file.path(), plan, std::move(reader));
  ARROW_RETURN_NOT_OK(scan->Start(file));
  return scan;
}

}  // namespace ampload::source
