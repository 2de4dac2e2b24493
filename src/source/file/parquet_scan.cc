#include "source/file/parquet_scan.h"

#include <fmt/format.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <numeric>

#include "source/file/int96_range.h"
#include "source/file/row_filter.h"
#include "source/file/row_group_pruning.h"
#include "source/file/schema_union.h"

namespace ampload::source {
namespace {

void AddLeaves(const parquet::arrow::SchemaField& field, std::vector<int>* leaves) {
  if (field.is_leaf()) leaves->push_back(field.column_index);
  for (const auto& child : field.children) AddLeaves(child, leaves);
}

}  // namespace

Result<std::unique_ptr<ParquetScan>> ParquetScan::Make(const ParquetFileInfo& file,
                                                       const ScanPlan& plan) {
  ARROW_ASSIGN_OR_RAISE(auto reader, OpenParquetFile(file.path));
  auto scan = std::unique_ptr<ParquetScan>(new ParquetScan(file.path, plan, std::move(reader)));
  const Status status = CatchParquet(file.path, [&]() -> Status {
    std::shared_ptr<arrow::Schema> schema;
    ARROW_RETURN_NOT_OK(scan->reader_->GetSchema(&schema));
    const int64_t rows = scan->reader_->parquet_reader()->metadata()->num_rows();
    if (rows != file.rows || !schema->Equals(*file.schema)) {
      return PermanentError(
          fmt::format("source: the file changed while it was loaded: path={}", file.path));
    }
    return scan->Start();
  });
  ARROW_RETURN_NOT_OK(status);
  return scan;
}

Status ParquetScan::Start() {
  std::vector<int> row_groups(static_cast<size_t>(reader_->num_row_groups()));
  std::iota(row_groups.begin(), row_groups.end(), 0);
  if (plan_.filter.has_value()) {
    ARROW_ASSIGN_OR_RAISE(row_groups,
                          RowGroupsThatMayPass(*reader_, *plan_.filter, *plan_.file_schema));
  }
  std::vector<int> leaves;
  for (const int column : plan_.columns.read) {
    AddLeaves(reader_->manifest().schema_fields.at(static_cast<size_t>(column)), &leaves);
  }
  int64_t bytes = 0;
  for (const int g : row_groups) {
    const auto group = reader_->parquet_reader()->metadata()->RowGroup(g);
    rows_due_ += group->num_rows();
    for (const int leaf : leaves) bytes += group->ColumnChunk(leaf)->total_uncompressed_size();
  }
  if (rows_due_ == 0) return Status::OK();
  row_bytes_ = bytes / rows_due_;
  ARROW_RETURN_NOT_OK(CheckInt96Range(path_, reader_->parquet_reader(), row_groups, leaves));
  ARROW_ASSIGN_OR_RAISE(batches_, reader_->GetRecordBatchReader(row_groups, leaves));
  return Status::OK();
}

Result<std::optional<ScanStep>> ParquetScan::Next(int64_t rows) {
  if (rows_due_ == 0) return std::nullopt;
  return CatchParquet(path_, [&]() -> Result<std::optional<ScanStep>> {
    reader_->set_batch_size(rows);
    std::shared_ptr<arrow::RecordBatch> batch;
    const Status status = batches_->ReadNext(&batch);
    if (!status.ok()) return DamagedFile(path_, status);
    if (batch == nullptr || batch->num_rows() > rows_due_) {
      return DamagedFile(path_, Status::Invalid("it has fewer or more rows than its footer says"));
    }
    rows_due_ -= batch->num_rows();
    ScanStep step{nullptr, batch->num_rows(), BytesOf(*batch)};
    ARROW_ASSIGN_OR_RAISE(batch, Relabel(batch, plan_.columns.read_schema));
    auto output = Output(batch);
    if (!output.ok()) return WithContext(output.status(), "source: " + path_);
    step.batch = *std::move(output);
    return step;
  });
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetScan::Output(
    const std::shared_ptr<arrow::RecordBatch>& batch) const {
  const auto& columns = plan_.columns;
  if (plan_.read_filter.has_value()) {
    return FilterRows(batch, *plan_.read_filter, columns.output, columns.output_schema);
  }
  arrow::ArrayVector output;
  for (const int index : columns.output) output.push_back(batch->column(index));
  return arrow::RecordBatch::Make(columns.output_schema, batch->num_rows(), std::move(output));
}

}  // namespace ampload::source
