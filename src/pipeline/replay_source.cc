#include "pipeline/replay_source.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "encode/exact_cast.h"
#include "pipeline/quarantine_file.h"
#include "source/text/text_record.h"

namespace ampload::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kBatchBytes = 8 << 20;

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

class ReplaySource final : public Source {
 public:
  ReplaySource(std::shared_ptr<arrow::Schema> schema, std::vector<SourceBatch> batches,
               std::string record_format)
      : schema_(std::move(schema)),
        batches_(std::move(batches)),
        record_format_(std::move(record_format)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  std::string record_format() const override { return record_format_; }
  SourceEstimate estimate() const override {
    SourceEstimate estimate;
    estimate.rows = 0;
    for (const auto& batch : batches_) *estimate.rows += batch.batch->num_rows();
    return estimate;
  }
  Result<std::optional<SourceBatch>> Next(const CallContext& context) override {
    ARROW_RETURN_NOT_OK(context.Check());
    if (next_ == batches_.size()) return std::nullopt;
    return std::move(batches_[next_++]);
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<SourceBatch> batches_;
  std::string record_format_;
  size_t next_ = 0;
};

class Opener {
 public:
  Opener(const ReplayOptions& options, QuarantineContents contents)
      : options_(options), contents_(std::move(contents)) {}

  Result<std::unique_ptr<Source>> Open() {
    ARROW_RETURN_NOT_OK(MakeSchema());
    for (const auto& one : contents_.rows) {
      if (one.bad.row != nullptr) ARROW_RETURN_NOT_OK(AddRow(one.bad));
    }
    ARROW_RETURN_NOT_OK(AddRecords());
    return std::make_unique<ReplaySource>(schema_, std::move(batches_), contents_.header.text);
  }

 private:
  Status MakeSchema() {
    arrow::FieldVector fields = contents_.source_schema->fields();
    for (const auto& declared : options_.types) {
      const auto& name = declared.first;
      const auto at = std::find_if(fields.begin(), fields.end(),
                                   [&](const auto& field) { return field->name() == name; });
      if (at == fields.end()) {
        return ConfigurationError(
            "--types names a column that the quarantine does not have: column=" + name +
            " path=" + options_.path);
      }
      *at = (*at)->WithType(declared.second);
    }
    schema_ = arrow::schema(std::move(fields));
    return Status::OK();
  }

  Result<BatchPtr> ToSchema(const arrow::RecordBatch& batch) const {
    arrow::ArrayVector columns;
    for (const auto& field : schema_->fields()) {
      const auto column = batch.GetColumnByName(field->name());
      ARROW_ASSIGN_OR_RAISE(auto cast, encode::ExactCast(column, field->type(), {}));
      columns.push_back(std::move(cast));
    }
    return arrow::RecordBatch::Make(schema_, batch.num_rows(), std::move(columns));
  }

  Status AddRow(const BadRow& bad) {
    SourceBatch batch;
    auto rows = ToSchema(*bad.row);
    if (!rows.ok()) {
      return WithContext(rows.status(), "quarantine: row=" + std::to_string(bad.ordinal) +
                                            " origin=" + bad.origin + " path=" + options_.path);
    }
    batch.batch = std::move(*rows);
    batch.origin = bad.origin;
    batches_.push_back(std::move(batch));
    return Status::OK();
  }

  // The records that never became rows, as a text file of their own.
  Status AddRecords() {
    std::vector<std::string_view> raw;
    for (const auto& one : contents_.rows) {
      if (one.bad.row == nullptr) raw.push_back(one.bad.raw);
    }
    if (raw.empty()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(auto format, source::ParseTextRecordFormat(contents_.header.text));
    for (const auto& [name, type] : options_.types) format.options.types[name] = type;
    ARROW_ASSIGN_OR_RAISE(
        const auto reader,
        source::OpenTextRecords(format, raw, *schema_, options_.path, options_.keep_bad));
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(auto step, reader->Next(kBatchBytes));
      if (!step.has_value()) return Status::OK();
      SourceBatch batch;
      ARROW_ASSIGN_OR_RAISE(batch.batch, ToSchema(*step->batch));
      batch.bad = std::move(step->bad);
      batch.origin = options_.path;
      batches_.push_back(std::move(batch));
    }
  }

  const ReplayOptions& options_;
  QuarantineContents contents_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<SourceBatch> batches_;
};

bool Exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

std::optional<std::string> ReplayingFile(const std::string& path) {
  for (auto& file : FilesBeside(path)) {
    if (file.starts_with(path + kReplaying)) return std::move(file);
  }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Source>> OpenReplay(const ReplayOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto path, ReplayMark::Find(options.path));
  ARROW_ASSIGN_OR_RAISE(auto contents, ReadQuarantine(path));
  return Opener(options, std::move(contents)).Open();
}

Result<std::string> ReplayMark::Find(const std::string& path) {
  if (Exists(path)) return path;
  if (auto replaying = ReplayingFile(path)) return *replaying;
  if (Exists(path + ".replayed")) {
    return ConfigurationError("quarantine: its rows have been loaded already: path=" + path +
                              ".replayed");
  }
  return ConfigurationError("quarantine: there is no such file: path=" + path);
}

Result<std::unique_ptr<ReplayMark>> ReplayMark::Make(std::string path, ReplayPlace place) {
  ARROW_ASSIGN_OR_RAISE(auto found, Find(path));
  ARROW_ASSIGN_OR_RAISE(auto file, HeldFile::Take(found));
  if (!file.has_value()) {
    return ConflictError(
        "quarantine: another process loads its rows right now: wait for it to end, its rows are "
        "loaded once: path=" +
        found);
  }
  if (found != path) {
    const auto earlier = ParseReplayingName(path, found);
    if (!earlier.has_value() || !earlier->is_to(place)) {
      return ConfigurationError(
          "quarantine: an earlier replay ended without a word on its way into another table, and "
          "may have loaded the rows there: replay into that one again, which finds out; or look "
          "for the rows there, and if they are missing, rename the file back: place=" +
          (earlier.has_value() ? earlier->place : "unknown") + " path=" + found);
    }
  }
  return std::unique_ptr<ReplayMark>(
      new ReplayMark(std::move(path), std::move(place), std::move(found), std::move(*file)));
}

Status ReplayMark::OnRecovered(const Recovered& recovered) {
  marked_ = MakeReplayingName(path_, recovered.load_id, place_);
  const auto earlier = ParseReplayingName(path_, found_);
  if (!earlier.has_value()) return Status::OK();
  const Fate fate = FateOf(earlier->load_id, recovered);
  if (fate == Fate::kNotCommitted) return RenameToFreeName(found_, path_);
  if (fate == Fate::kUnknown) {
    return PermanentError(
        "quarantine: an earlier replay ended without a word, and the store cannot say whether it "
        "was committed: look for its rows in the table; if they are missing, rename the file back: "
        "path=" +
        found_);
  }
  ARROW_RETURN_NOT_OK(RenameDurably(found_, path_ + ".replayed"));
  return ConfigurationError("quarantine: its rows have been loaded already: path=" + path_ +
                            ".replayed");
}

Status ReplayMark::BeforeCommit() { return RenameDurably(path_, marked_); }

Status ReplayMark::AfterCommit() { return RenameDurably(marked_, path_ + ".replayed"); }

Status ReplayMark::OnAbort() {
  return Exists(marked_) ? RenameToFreeName(marked_, path_) : Status::OK();
}

}  // namespace ampload::pipeline
