#include "source/file/file_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "base/arrow_compute.h"
#include "source/file/batch_size.h"
#include "source/file/file_scan.h"
#include "source/file/open_files.h"
#include "source/file/read_failure.h"
#include "source/file/scan_output.h"
#include "source/input/read_context.h"
#include "source/text/text_record.h"

namespace ampload::source {
namespace {

class FileSource final : public Source {
 public:
  FileSource(FileLoad load, std::shared_ptr<ReadContext> context, const FileSourceOptions& options)
      : files_(std::move(load.files)),
        plan_(std::move(load.plan)),
        read_(std::move(load.read)),
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
      add(&all.rows, file.info.rows);
      add(&all.bytes, file.info.input->bytes());
    }
    return all;
  }

  std::string record_format() const override {
    if (files_.empty()) return {};
    const auto& first = files_.front().info;
    TextRecordFormat format;
    format.csv = first.format == FileFormat::kCsv;
    if (!format.csv && first.format != FileFormat::kNdjson) return {};
    format.options = read_.text;
    if (!read_.delimiter_given && IsTabSeparated(first.path())) format.options.delimiter = '\t';
    format.columns = plan_.file_schema()->field_names();
    return ToJson(format);
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
        ARROW_ASSIGN_OR_RAISE(scan_, OpenScan(files_[next_file_].info, plan_, read_));
        if (next_file_ == 0) size_ = BatchSize(batch_bytes_, scan_->row_bytes());
        ++next_file_;
      }
      ARROW_RETURN_NOT_OK(Read());
    }
    return std::nullopt;
  }

  const FileInfo& file() const { return files_[next_file_ - 1].info; }

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
    auto output = MakeOutput(step->batch, plan_, files_[next_file_ - 1].folder_values, read_.pool);
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

  const std::vector<PlannedFile> files_;
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

}  // namespace

Result<std::unique_ptr<Source>> OpenFileSource(const FileSourceOptions& options) {
  ARROW_RETURN_NOT_OK(CheckOptions(options));
  ARROW_RETURN_NOT_OK(base::InitializeArrowCompute());
  auto context = std::make_shared<ReadContext>(options.context);
  ARROW_ASSIGN_OR_RAISE(auto load, OpenFiles(options, context));
  return std::make_unique<FileSource>(std::move(load), std::move(context), options);
}

}  // namespace ampload::source
