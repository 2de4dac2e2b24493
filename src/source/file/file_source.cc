#include "source/file/file_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

#include "base/arrow_compute.h"
#include "source/file/batch_size.h"
#include "source/file/file_scan.h"
#include "source/file/path_expansion.h"
#include "source/file/read_failure.h"
#include "source/file/scan_output.h"
#include "source/file/schema_union.h"
#include "source/input/open_input.h"

namespace ampload::source {
namespace {

class FileSource final : public Source {
 public:
  FileSource(std::vector<FileInfo> files, ScanPlan plan, ReadOptions read,
             std::shared_ptr<ReadContext> context, const FileSourceOptions& options)
      : files_(std::move(files)),
        plan_(std::move(plan)),
        read_(std::move(read)),
        context_(std::move(context)),
        batch_bytes_(options.batch_bytes),
        limit_(options.limit),
        size_(options.batch_bytes, 0),
        done_(options.limit == 0) {}

  const std::shared_ptr<arrow::Schema>& schema() const override {
    return plan_.columns.output_schema;
  }

  SourceEstimate estimate() const override {
    SourceEstimate all{0, 0};
    const auto add = [](std::optional<int64_t>* sum, std::optional<int64_t> one) {
      *sum = sum->has_value() && one.has_value() ? std::optional(**sum + *one) : std::nullopt;
    };
    for (const auto& file : files_) {
      add(&all.rows, file.rows);
      add(&all.bytes, file.input->bytes());
    }
    return all;
  }

  Result<std::optional<SourceBatch>> Next(const CallContext& context) override {
    context_->Set(context);
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
        ARROW_ASSIGN_OR_RAISE(scan_, OpenScan(files_[next_file_], plan_, read_));
        if (next_file_ == 0) size_ = BatchSize(batch_bytes_, scan_->row_bytes());
        ++next_file_;
      }
      ARROW_RETURN_NOT_OK(Read());
    }
    return std::nullopt;
  }

  const FileInfo& file() const { return files_[next_file_ - 1]; }

  // One step of the open file, into pieces_.
  Status Read() {
    int64_t rows = size_.rows();
    if (limit_.has_value() && !plan_.filter.has_value()) rows = std::min(rows, LeftOfLimit());
    ARROW_ASSIGN_OR_RAISE(auto step, scan_->Next(rows, batch_bytes_));
    if (!step.has_value()) {
      scan_.reset();
      return file().input->CheckUnchanged();
    }
    size_.Measured(step->batch->num_rows(), step->bytes);
    auto output = MakeOutput(step->batch, plan_, {}, read_.pool);
    if (!output.ok()) return ReadFailure("file", file().path(), output.status());
    bad_ = std::move(step->bad);
    if ((*output)->num_rows() == 0 && bad_.empty()) return Status::OK();
    for (auto& piece : Cut(*output, batch_bytes_)) pieces_.push_back(std::move(piece));
    return Status::OK();
  }

  std::optional<SourceBatch> TakePiece() {
    SourceBatch out;
    out.batch = std::move(pieces_.front());
    out.origin = file().path();
    out.bad = std::exchange(bad_, {});
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

  const std::vector<FileInfo> files_;
  const ScanPlan plan_;
  const ReadOptions read_;
  const std::shared_ptr<ReadContext> context_;
  const int64_t batch_bytes_;
  const std::optional<int64_t> limit_;
  BatchSize size_;
  size_t next_file_ = 0;  // the one after the open one
  std::unique_ptr<FileScan> scan_;
  std::deque<std::shared_ptr<arrow::RecordBatch>> pieces_;
  std::vector<BadRecord> bad_;  // goes with the first of pieces_
  int64_t rows_given_ = 0;
  bool done_;
};

Status CheckOptions(const FileSourceOptions& options) {
  if (options.batch_bytes <= 0) {
    return ConfigurationError(
        fmt::format("source: batch_bytes must be positive: batch_bytes={}", options.batch_bytes));
  }
  if (options.limit.has_value() && *options.limit < 0) {
    return ConfigurationError(
        fmt::format("source: the limit must not be negative: limit={}", *options.limit));
  }
  return Status::OK();
}

Status CheckOneFormat(const FileInfo& first, const FileInfo& other) {
  const auto one = FormatOf(first.format);
  const auto two = FormatOf(other.format);
  if (one == two) return Status::OK();
  return ConfigurationError(
      fmt::format("source: a load reads files of one format; load them apart, or narrow the paths "
                  "(a glob, --format): {}={} {}={}",
                  ToString(one), first.path(), ToString(two), other.path()));
}

Result<std::shared_ptr<arrow::Schema>> UniteFiles(const std::vector<FileInfo>& files) {
  std::vector<FileSchema> schemas;
  schemas.reserve(files.size());
  for (const auto& file : files) schemas.push_back({file.path(), file.schema});
  return UniteSchemas(schemas);
}

}  // namespace

Result<std::unique_ptr<Source>> OpenFileSource(const FileSourceOptions& options) {
  ARROW_RETURN_NOT_OK(CheckOptions(options));
  ARROW_RETURN_NOT_OK(base::InitializeArrowCompute());
  ReadOptions read;
  if (options.pool != nullptr) read.pool = options.pool;
  read.format = options.format;
  read.text = options.text;
  read.delimiter_given = options.delimiter_given;
  read.keep_bad = options.keep_bad_records;
  InputOptions inputs;
  inputs.pool = read.pool;
  inputs.context->Set(options.context);
  inputs.standard_input = options.standard_input;

  ARROW_ASSIGN_OR_RAISE(const auto paths, ExpandPaths(options.paths, options.format));
  std::vector<FileInfo> files;
  for (const auto& path : paths) {
    ARROW_RETURN_NOT_OK(options.context.Check());
    ARROW_ASSIGN_OR_RAISE(auto input, OpenInput(path, inputs));
    ARROW_ASSIGN_OR_RAISE(auto file, InspectFile(std::move(input), read));
    files.push_back(std::move(file));
    ARROW_RETURN_NOT_OK(CheckOneFormat(files.front(), files.back()));
  }
  ARROW_ASSIGN_OR_RAISE(auto schema, UniteFiles(files));
  const int file_columns = schema->num_fields();
  ARROW_ASSIGN_OR_RAISE(
      auto plan, MakeScanPlan(std::move(schema), file_columns, options.columns, options.where));
  return std::make_unique<FileSource>(std::move(files), std::move(plan), std::move(read),
                                      inputs.context, options);
}

}  // namespace ampload::source
