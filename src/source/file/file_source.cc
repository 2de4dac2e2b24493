#include "source/file/file_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "base/arrow_compute.h"
#include "source/file/column_selection.h"
#include "source/file/parquet_file.h"
#include "source/file/parquet_scan.h"
#include "source/file/path_expansion.h"
#include "source/file/schema_union.h"
#include "source/file/where_clause.h"

namespace ampload::source {
namespace {

class FileSource final : public Source {
 public:
  FileSource(std::vector<ParquetFileInfo> files, ScanPlan plan, const FileSourceOptions& options)
      : files_(std::move(files)),
        plan_(std::move(plan)),
        batch_bytes_(options.batch_bytes),
        limit_(options.limit),
        size_(options.batch_bytes, 0),
        done_(options.limit == 0) {}

  const std::shared_ptr<arrow::Schema>& schema() const override {
    return plan_.columns.output_schema;
  }

  SourceEstimate estimate() const override {
    int64_t rows = 0;
    int64_t bytes = 0;
    for (const auto& file : files_) {
      rows += file.rows;
      bytes += file.bytes;
    }
    return {rows, bytes};
  }

  Result<std::optional<SourceBatch>> Next(const CallContext& context) override {
    auto batch = Advance(context);
    if (!batch.ok() || !batch->has_value()) Close();
    return batch;
  }

 private:
  Result<std::optional<SourceBatch>> Advance(const CallContext& context) {
    while (!done_) {
      ARROW_RETURN_NOT_OK(context.Check());
      if (!pieces_.empty()) return TakePiece();
      if (scan_ == nullptr) {
        if (next_file_ == files_.size()) break;
        ARROW_ASSIGN_OR_RAISE(scan_, ParquetScan::Make(files_[next_file_], plan_));
        if (next_file_ == 0) size_ = BatchSize(batch_bytes_, scan_->row_bytes());
        ++next_file_;
      }
      ARROW_RETURN_NOT_OK(Read());
    }
    return std::nullopt;
  }

  // One step of the open file, into pieces_.
  Status Read() {
    int64_t rows = size_.rows();
    if (limit_.has_value() && !plan_.filter.has_value()) rows = std::min(rows, LeftOfLimit());
    ARROW_ASSIGN_OR_RAISE(const auto step, scan_->Next(rows));
    if (!step.has_value()) {
      scan_.reset();
      return Status::OK();
    }
    size_.Measured(step->rows_read, step->bytes_read);
    if (step->batch->num_rows() == 0) return Status::OK();
    for (auto& piece : Cut(step->batch, batch_bytes_)) pieces_.push_back(std::move(piece));
    return Status::OK();
  }

  std::optional<SourceBatch> TakePiece() {
    SourceBatch out;
    out.batch = std::move(pieces_.front());
    out.origin = files_[next_file_ - 1].path;
    pieces_.pop_front();
    if (limit_.has_value() && out.batch->num_rows() >= LeftOfLimit()) {
      out.batch = out.batch->Slice(0, LeftOfLimit());
      Close();
    }
    rows_given_ += out.batch->num_rows();
    return out;
  }

  int64_t LeftOfLimit() const { return *limit_ - rows_given_; }

  void Close() {
    done_ = true;
    pieces_.clear();
    scan_.reset();
  }

  const std::vector<ParquetFileInfo> files_;
  const ScanPlan plan_;
  const int64_t batch_bytes_;
  const std::optional<int64_t> limit_;
  BatchSize size_;
  size_t next_file_ = 0;  // the one after the open one
  std::unique_ptr<ParquetScan> scan_;
  std::deque<std::shared_ptr<arrow::RecordBatch>> pieces_;
  int64_t rows_given_ = 0;
  bool done_;
};

Result<ScanPlan> MakePlan(std::shared_ptr<arrow::Schema> schema, const FileSourceOptions& options) {
  ScanPlan plan;
  plan.file_schema = std::move(schema);
  if (!options.where.empty()) {
    ARROW_ASSIGN_OR_RAISE(plan.filter, ParseWhere(options.where, *plan.file_schema));
  }
  ARROW_ASSIGN_OR_RAISE(plan.columns,
                        SelectColumns(plan.file_schema, options.columns,
                                      plan.filter.has_value() ? &*plan.filter : nullptr));
  if (plan.filter.has_value()) {
    ARROW_ASSIGN_OR_RAISE(plan.read_filter, plan.filter->Bind(*plan.columns.read_schema));
  }
  return plan;
}

}  // namespace

Result<std::unique_ptr<Source>> OpenFileSource(const FileSourceOptions& options) {
  if (options.batch_bytes <= 0) {
    return ConfigurationError(
        fmt::format("source: batch_bytes must be positive: batch_bytes={}", options.batch_bytes));
  }
  if (options.limit.has_value() && *options.limit < 0) {
    return ConfigurationError(
        fmt::format("source: the limit must not be negative: limit={}", *options.limit));
  }
  ARROW_RETURN_NOT_OK(base::InitializeArrowCompute());
  ARROW_ASSIGN_OR_RAISE(const auto paths, ExpandPaths(options.paths));
  std::vector<ParquetFileInfo> files;
  std::vector<FileSchema> schemas;
  for (const auto& path : paths) {
    ARROW_ASSIGN_OR_RAISE(auto file, InspectParquetFile(path));
    schemas.push_back({path, file.schema});
    files.push_back(std::move(file));
  }
  ARROW_ASSIGN_OR_RAISE(auto schema, UniteSchemas(schemas));
  ARROW_ASSIGN_OR_RAISE(auto plan, MakePlan(std::move(schema), options));
  return std::make_unique<FileSource>(std::move(files), std::move(plan), options);
}

}  // namespace ampload::source
