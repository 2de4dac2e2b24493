#include "source/file/text_scan.h"

#include <string>
#include <utility>
#include <vector>

#include "source/file/batch_size.h"
#include "source/file/read_failure.h"
#include "source/file/schema_union.h"
#include "source/text/csv_reader.h"
#include "source/text/ndjson_reader.h"
#include "source/text/text_schema.h"

namespace ampload::source {
namespace {

constexpr int64_t kSample = 1 << 20;

TextOptions OptionsOf(const FileInfo& file, const ReadOptions& options) {
  TextOptions text = options.text;
  if (!options.delimiter_given && IsTabSeparated(file.path())) text.delimiter = '\t';
  return text;
}

Status TextFailure(const FileInfo& file, const Status& cause) {
  return ReadFailure(file.format == FileFormat::kCsv ? "CSV file" : "NDJSON file", file.path(),
                     cause);
}

class TextScan final : public FileScan {
 public:
  TextScan(const FileInfo& file, const ScanPlan& plan, std::unique_ptr<RecordReader> reader)
      : file_(file),
        columns_(plan.file_read().begin(), plan.file_read().end()),
        reader_(std::move(reader)) {}

  Result<std::optional<ScanStep>> Next(int64_t /*rows*/, int64_t bytes) override {
    auto next = reader_->Next(bytes);
    if (!next.ok()) return TextFailure(file_, next.status());
    if (!next->has_value()) return std::nullopt;
    TextStep& step = **next;
    ARROW_ASSIGN_OR_RAISE(auto batch, step.batch->SelectColumns(columns_));
    const int64_t taken = BytesOf(*batch);
    return ScanStep{std::move(batch), taken, std::move(step.bad)};
  }

 private:
  const FileInfo& file_;
  const std::vector<int> columns_;
  const std::unique_ptr<RecordReader> reader_;
};

}  // namespace

Status InspectText(FileInfo* info, const ReadOptions& options) {
  auto sample = info->input->Peek(kSample + 1);
  if (!sample.ok()) return TextFailure(*info, sample.status());
  const bool whole = static_cast<int64_t>(sample->size()) <= kSample;
  if (!whole) sample->resize(kSample);
  const auto text = OptionsOf(*info, options);
  auto schema = info->format == FileFormat::kCsv
                    ? InferCsvSchema(*sample, whole, text, info->path())
                    : InferNdjsonSchema(*sample, whole, text, info->path());
  if (!schema.ok()) return TextFailure(*info, schema.status());
  info->schema = *std::move(schema);
  return Status::OK();
}

Result<std::shared_ptr<arrow::Schema>> UniteTextFiles(std::span<const FileInfo> files,
                                                      const ReadOptions& options) {
  std::vector<FileSchema> schemas;
  schemas.reserve(files.size());
  for (const auto& file : files) schemas.push_back({file.path(), file.schema});
  const auto format =
      files.front().format == FileFormat::kCsv ? TextFormat::kCsv : TextFormat::kNdjson;
  return UniteTextSchemas(schemas, format, options.text);
}

Result<std::unique_ptr<FileScan>> OpenTextScan(const FileInfo& file, const ScanPlan& plan,
                                               const ReadOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto stream, file.input->OpenStream());
  TextInput input{file.path(), std::move(stream), options.pool, options.keep_bad};
  const auto text = OptionsOf(file, options);
  auto reader = file.format == FileFormat::kCsv
                    ? OpenCsv(std::move(input), plan.file_schema(), text)
                    : OpenNdjson(std::move(input), plan.file_schema(), text);
  if (!reader.ok()) return TextFailure(file, reader.status());
  return std::make_unique<TextScan>(file, plan, *std::move(reader));
}

}  // namespace ampload::source
