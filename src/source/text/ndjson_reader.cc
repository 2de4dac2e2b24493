#include "source/text/ndjson_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "source/text/batch_rows.h"
#include "source/text/json_column.h"
#include "source/text/json_tape.h"
#include "source/text/row_faults.h"
#include "source/text/text_blocks.h"

namespace ampload::source {
namespace {

class NdjsonReader final : public RecordReader {
 public:
  NdjsonReader(TextInput input, std::shared_ptr<arrow::Schema> schema, const TextOptions& options)
      : input_(std::move(input)),
        schema_(std::move(schema)),
        options_(options),
        blocks_(input_.stream, input_.pool) {}

  Status Open();
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::optional<TextStep>> Next(int64_t batch_bytes) override;

 private:
  // The next line without its ending; nullopt at the text's end.
  Result<std::optional<std::string_view>> TakeLine(int64_t batch_bytes, TextStep* step);
  Status AddRecord(std::string_view line, int64_t batch_bytes, TextStep* step);
  Status SetAside(std::string_view line, std::string reason, TextStep* step);
  std::string ReasonOf(const JsonFault& fault) const;

  const TextInput input_;
  const std::shared_ptr<arrow::Schema> schema_;
  const TextOptions options_;
  TextBlocks blocks_;
  JsonTape tape_;
  std::unique_ptr<JsonFields> fields_;
  std::vector<std::shared_ptr<arrow::ArrayBuilder>> builders_;
  int64_t least_row_bytes_ = 0;
  BatchRows batch_rows_;
  int64_t line_ = 0;    // of the record at hand
  int64_t record_ = 0;  // its ordinal
  bool ended_ = false;
};

Status NdjsonReader::Open() {
  std::vector<JsonField> fields;
  for (const auto& field : schema_->fields()) {
    const auto reading =
        options_.types.contains(field->name()) ? Reading::kDeclared : Reading::kInferredJson;
    JsonField column{field->name(), field->nullable(), nullptr};
    ARROW_ASSIGN_OR_RAISE(column.column,
                          MakeJsonColumn(field->type(), reading, field->name(), input_.pool));
    builders_.push_back(column.column->builder());
    least_row_bytes_ += LeastValueBytes(*field->type());
    fields.push_back(std::move(column));
  }
  fields_ = std::make_unique<JsonFields>(std::move(fields));
  ARROW_RETURN_NOT_OK(blocks_.Fill(BlockBytes(0)));
  ARROW_ASSIGN_OR_RAISE(const size_t mark, ByteOrderMark(blocks_.text(), input_.path));
  blocks_.Take(mark);
  return Status::OK();
}

Result<std::optional<TextStep>> NdjsonReader::Next(int64_t batch_bytes) {
  if (ended_) return std::nullopt;
  batch_bytes = std::clamp<int64_t>(batch_bytes, 1, int64_t{1} << 30);
  const int64_t most_rows =
      std::max<int64_t>(1, batch_bytes / std::max<int64_t>(least_row_bytes_, 1));
  TextStep step;
  while (step.bytes_read < batch_bytes && batch_rows_.count() < most_rows) {
    ARROW_ASSIGN_OR_RAISE(const auto line, TakeLine(batch_bytes, &step));
    if (!line) {
      ended_ = true;
      break;
    }
    if (line->find_first_not_of(" \t\r") == std::string_view::npos) continue;
    ARROW_RETURN_NOT_OK(AddRecord(*line, batch_bytes, &step));
  }
  ARROW_ASSIGN_OR_RAISE(step.batch, batch_rows_.Finish(schema_, builders_, input_.pool));
  if (ended_ && step.batch->num_rows() == 0 && step.bad.empty()) return std::nullopt;
  return step;
}

Result<std::optional<std::string_view>> NdjsonReader::TakeLine(int64_t batch_bytes,
                                                               TextStep* step) {
  const int64_t most = MostRecordBytes(batch_bytes);
  ++line_;
  size_t searched = 0;
  for (int64_t fill = BlockBytes(batch_bytes);; fill = std::min(most, fill * 2)) {
    auto text = blocks_.text();
    size_t end = text.find('\n', searched);
    if (end == std::string_view::npos && !blocks_.at_end()) {
      searched = text.size();
      if (static_cast<int64_t>(text.size()) >= most) {
        return RecordTooLarge(input_.path, line_, most, "");
      }
      ARROW_RETURN_NOT_OK(blocks_.Fill(fill));
      continue;
    }
    if (text.empty()) return std::nullopt;
    const size_t bytes = end == std::string_view::npos ? text.size() : end + 1;
    text = text.substr(0, end);
    if (text.ends_with('\r')) text.remove_suffix(1);
    blocks_.Take(bytes);
    step->bytes_read += static_cast<int64_t>(bytes);
    return text;
  }
}

Status NdjsonReader::AddRecord(std::string_view line, int64_t batch_bytes, TextStep* step) {
  ++record_;
  const int64_t most = MostRecordBytes(batch_bytes);
  if (const Fault fault = tape_.Parse(line, static_cast<size_t>(most / 8))) {
    if (tape_.too_large()) return RecordTooLarge(input_.path, line_, most, "");
    return SetAside(line,
                    fmt::format("{} line {}: no JSON object: {}: byte={} record={}", input_.path,
                                line_, fault, tape_.fault_at() + 1, ShownValue(line)),
                    step);
  }
  if (tape_.kind(0) != JsonKind::kObject) {
    return SetAside(line,
                    fmt::format("{} line {}: no JSON object; NDJSON has one a line: record={}",
                                input_.path, line_, ShownValue(line)),
                    step);
  }
  JsonFault fault;
  ARROW_RETURN_NOT_OK(fields_->Append(tape_, 0, &fault));
  batch_rows_.Add(1);
  if (!fault.found()) return Status::OK();
  batch_rows_.Drop(batch_rows_.count() - 1);
  return SetAside(line, ReasonOf(fault), step);
}

Status NdjsonReader::SetAside(std::string_view line, std::string reason, TextStep* step) {
  if (!input_.keep_bad) return DataError(std::move(reason));
  step->bad.push_back({record_, std::string(line), std::move(reason)});
  return Status::OK();
}

std::string NdjsonReader::ReasonOf(const JsonFault& fault) const {
  const auto where = std::string_view(fault.where).substr(1);
  const auto& column = fault.column;
  const int i = schema_->GetFieldIndex(column);
  std::string advice;
  if (fault.why == kUnknownField && i < 0) {
    advice = fmt::format("; --types {}:TYPE adds it", column);
  } else if (fault.why == kUnknownField) {
    advice = fmt::format("; --types {}:string keeps its JSON", column);
  } else if (fault.why != kFieldTwice) {
    advice = Advice(column, fault.why, !options_.types.contains(column));
  }
  return fmt::format("{} line {} column {}: {}{}: type={} value={}", input_.path, line_, where,
                     fault.why, advice, i < 0 ? "none" : schema_->field(i)->type()->ToString(),
                     ShownValue(fault.value));
}

}  // namespace

Result<std::unique_ptr<RecordReader>> OpenNdjson(TextInput input,
                                                 std::shared_ptr<arrow::Schema> schema,
                                                 const TextOptions& options) {
  if (input.pool == nullptr) input.pool = arrow::default_memory_pool();
  auto reader = std::make_unique<NdjsonReader>(std::move(input), schema->RemoveMetadata(), options);
  ARROW_RETURN_NOT_OK(reader->Open());
  return reader;
}

}  // namespace ampload::source
