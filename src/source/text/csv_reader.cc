#include "source/text/csv_reader.h"

#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include <algorithm>

#include "source/text/batch_rows.h"
#include "source/text/cell_column.h"
#include "source/text/csv_header.h"
#include "source/text/row_faults.h"
#include "source/text/text_blocks.h"

namespace ampload::source {
namespace {

// Cells are taken in chunks, so that a column finds its cells in the cache.
constexpr size_t kChunkCells = 8192;
constexpr int64_t kHeaderBatchBytes = int64_t{64} << 10;
constexpr std::string_view kIsAQuoteOpen = "is a quote left open? If not, ";

class CsvReader final : public RecordReader {
 public:
  CsvReader(TextInput input, std::shared_ptr<arrow::Schema> schema, const TextOptions& options)
      : input_(std::move(input)),
        schema_(std::move(schema)),
        options_(options),
        tokenizer_(options.delimiter, options.quote),
        blocks_(input_.stream, input_.pool),
        columns_(static_cast<size_t>(schema_->num_fields())) {}

  Status Open();
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::optional<TextStep>> Next(int64_t batch_bytes) override;

 private:
  // A record that became a row of the chunk.
  struct Row {
    std::string_view raw;
    int64_t line;
    int64_t record;
  };

  Status ReadHeader();
  Status MakeColumns();
  Result<bool> TakeChunk(int64_t most_rows, size_t most_bytes, TextStep* step);
  const char* Tokenize(int64_t most_rows, size_t most_bytes, TextStep* step);
  bool IsBlank(const CsvRecord& record) const;
  Status ConvertChunk(size_t bytes, TextStep* step);
  std::string ReasonOf(const Row& row, const RowFaults::Entry& entry);
  void SetAside(const Row& row, std::string reason, TextStep* step) const {
    step->bad.push_back({row.record, std::string(row.raw), std::move(reason)});
  }

  const TextInput input_;
  const std::shared_ptr<arrow::Schema> schema_;
  const TextOptions options_;
  const CsvTokenizer tokenizer_;
  TextBlocks blocks_;
  const size_t columns_;
  std::vector<std::unique_ptr<CellColumn>> cell_columns_;
  std::vector<std::shared_ptr<arrow::ArrayBuilder>> builders_;
  int64_t least_row_bytes_ = 0;
  BatchRows batch_rows_;
  int64_t line_ = 1;    // of the next record
  int64_t record_ = 1;  // its ordinal
  bool cut_ = false;    // the buffer ends within a record
  bool ended_ = false;
  std::vector<CsvCell> cells_;  // of the chunk's rows
  std::vector<Row> rows_;
  RowFaults faults_;
  std::string scratch_;
};

Status CsvReader::Open() {
  ARROW_RETURN_NOT_OK(CheckCsvOptions(options_));
  ARROW_RETURN_NOT_OK(MakeColumns());
  ARROW_RETURN_NOT_OK(blocks_.Fill(BlockBytes(kHeaderBatchBytes)));
  ARROW_ASSIGN_OR_RAISE(const size_t mark, ByteOrderMark(blocks_.text(), input_.path));
  blocks_.Take(mark);
  return options_.header ? ReadHeader() : Status::OK();
}

Status CsvReader::MakeColumns() {
  for (const auto& field : schema_->fields()) {
    const auto reading =
        options_.types.contains(field->name()) ? Reading::kDeclared : Reading::kInferredCsv;
    ARROW_ASSIGN_OR_RAISE(auto column, MakeCellColumn(field->type(), reading, input_.pool));
    if (column == nullptr) {
      return ConfigurationError(
          fmt::format("types: a CSV cell cannot hold this type: column={} type={} path={}",
                      field->name(), field->type()->ToString(), input_.path));
    }
    least_row_bytes_ += LeastValueBytes(*field->type());
    builders_.push_back(column->builder());
    cell_columns_.push_back(std::move(column));
  }
  return Status::OK();
}

Status CsvReader::ReadHeader() {
  const int64_t most = MostRecordBytes(kHeaderBatchBytes);
  CsvRecord record;
  for (int64_t fill = BlockBytes(kHeaderBatchBytes);; fill = std::min(most, fill * 2)) {
    ARROW_RETURN_NOT_OK(blocks_.Fill(fill));
    const auto text = blocks_.text();
    if (text.empty()) {
      return DataError(
          fmt::format("{}: the text is empty, so that it has no columns", input_.path));
    }
    cells_.clear();
    const char* const end = text.data() + text.size();
    const char* const next = tokenizer_.Take(text.data(), end, blocks_.at_end(), &cells_, &record);
    if (next == nullptr) {
      if (static_cast<int64_t>(text.size()) < most) continue;
      return RecordTooLarge(input_.path, 1, most, kIsAQuoteOpen);
    }
    line_ += record.lines;
    blocks_.Take(static_cast<size_t>(next - text.data()));
    if (record.raw.empty()) continue;
    if (record.fault != nullptr) {
      return DataError(fmt::format("{}: in the header: {}", input_.path, record.fault));
    }
    ARROW_ASSIGN_OR_RAISE(const auto names, CsvColumnNames(cells_, options_, input_.path));
    if (names != schema_->field_names()) {
      return DataError(
          fmt::format("{}: the header's columns are not those that the load is for: "
                      "header={} expected={}",
                      input_.path, fmt::join(names, ","), fmt::join(schema_->field_names(), ",")));
    }
    return Status::OK();
  }
}

Result<std::optional<TextStep>> CsvReader::Next(int64_t batch_bytes) {
  if (ended_) return std::nullopt;
  batch_bytes = std::clamp<int64_t>(batch_bytes, 1, int64_t{1} << 30);
  const int64_t most_record = MostRecordBytes(batch_bytes);
  const int64_t most_rows =
      std::max<int64_t>(1, batch_bytes / std::max<int64_t>(least_row_bytes_, 1));
  TextStep step;
  int64_t fill = BlockBytes(batch_bytes);
  while (step.bytes_read < batch_bytes && batch_rows_.count() < most_rows) {
    if (cut_ || blocks_.text().empty()) ARROW_RETURN_NOT_OK(blocks_.Fill(fill));
    if (blocks_.text().empty()) {
      ended_ = true;
      break;
    }
    ARROW_ASSIGN_OR_RAISE(const bool taken,
                          TakeChunk(most_rows - batch_rows_.count(),
                                    static_cast<size_t>(batch_bytes - step.bytes_read), &step));
    if (taken) continue;
    if (static_cast<int64_t>(blocks_.text().size()) >= most_record) {
      return RecordTooLarge(input_.path, line_, most_record, kIsAQuoteOpen);
    }
    const auto have = static_cast<int64_t>(blocks_.text().size());
    fill = std::min(most_record, std::max(fill, have * 2));
  }
  ARROW_ASSIGN_OR_RAISE(step.batch, batch_rows_.Finish(schema_, builders_, input_.pool));
  if (ended_ && step.batch->num_rows() == 0 && step.bad.empty()) return std::nullopt;
  return step;
}

// False where the first record is not whole in the buffer.
Result<bool> CsvReader::TakeChunk(int64_t most_rows, size_t most_bytes, TextStep* step) {
  const char* const begin = blocks_.text().data();
  const size_t bad_before = step->bad.size();
  const char* const next = Tokenize(most_rows, most_bytes, step);
  if (next == begin) return false;
  const auto bytes = static_cast<size_t>(next - begin);
  ARROW_RETURN_NOT_OK(ConvertChunk(bytes, step));
  const auto by_record = [](const BadRecord& a, const BadRecord& b) { return a.record < b.record; };
  std::sort(step->bad.begin() + static_cast<std::ptrdiff_t>(bad_before), step->bad.end(),
            by_record);
  if (step->bad.size() > bad_before && !input_.keep_bad) {
    return DataError(step->bad[bad_before].reason);
  }
  blocks_.Take(bytes);
  step->bytes_read += static_cast<int64_t>(bytes);
  return true;
}

bool CsvReader::IsBlank(const CsvRecord& record) const {
  return record.raw.empty() && columns_ > 1;
}

// Fills rows_ and cells_; records that are none go to the step. Returns where the rest begins.
const char* CsvReader::Tokenize(int64_t most_rows, size_t most_bytes, TextStep* step) {
  const auto text = blocks_.text();
  const char* at = text.data();
  const char* const end = at + text.size();
  const char* const enough = at + std::min(most_bytes, text.size());
  cells_.clear();
  rows_.clear();
  cut_ = false;
  CsvRecord record;
  while (at < enough && cells_.size() < kChunkCells &&
         static_cast<int64_t>(rows_.size()) < most_rows) {
    const size_t before = cells_.size();
    const char* const next = tokenizer_.Take(at, end, blocks_.at_end(), &cells_, &record);
    if (next == nullptr) {
      cells_.resize(before);
      cut_ = true;
      break;
    }
    at = next;
    const Row row{record.raw, line_, record_};
    line_ += record.lines;
    if (record.fault == nullptr && record.cells == columns_) [[likely]] {
      ++record_;
      rows_.push_back(row);
      continue;
    }
    cells_.resize(before);
    if (record.fault == nullptr && IsBlank(record)) continue;
    ++record_;
    SetAside(row,
             record.fault != nullptr
                 ? fmt::format("{} line {}: {}", input_.path, row.line, record.fault)
                 : fmt::format("{} line {}: a record of {} cell{} where there {} {} column{}: "
                               "record={}",
                               input_.path, row.line, record.cells, record.cells == 1 ? "" : "s",
                               columns_ == 1 ? "is" : "are", columns_, columns_ == 1 ? "" : "s",
                               ShownValue(record.raw)),
             step);
    if (!input_.keep_bad) break;
  }
  return at;
}

Status CsvReader::ConvertChunk(size_t bytes, TextStep* step) {
  if (rows_.empty()) return Status::OK();
  const auto rows = static_cast<uint32_t>(rows_.size());
  faults_.Restart(rows);
  CsvCells cells{nullptr,        columns_,
                 rows,           options_.null_text,
                 options_.quote, arrow::util::ValidateUTF8(blocks_.text().substr(0, bytes))};
  for (size_t i = 0; i < columns_; ++i) {
    cells.first = cells_.data() + i;
    ARROW_RETURN_NOT_OK(cell_columns_[i]->AppendCells(cells, static_cast<int>(i), &faults_));
  }
  auto faults = faults_.entries();
  std::sort(faults.begin(), faults.end(),
            [](const auto& a, const auto& b) { return a.row < b.row; });
  for (const auto& entry : faults) {
    SetAside(rows_[entry.row], ReasonOf(rows_[entry.row], entry), step);
    batch_rows_.Drop(batch_rows_.count() + entry.row);
  }
  batch_rows_.Add(rows);
  return Status::OK();
}

std::string CsvReader::ReasonOf(const Row& row, const RowFaults::Entry& entry) {
  const auto& field = *schema_->field(entry.column);
  const auto column = static_cast<size_t>(entry.column);
  const CsvCell& cell = cells_[entry.row * columns_ + column];
  const auto value = ShownValue(CellText(cell, options_.quote, &scratch_));
  const bool inferred = !options_.types.contains(field.name());
  return fmt::format("{} line {} column {}: {}{}: type={} value={}", input_.path, row.line,
                     field.name(), entry.fault, Advice(field.name(), entry.fault, inferred),
                     field.type()->ToString(), value);
}

}  // namespace

Result<std::unique_ptr<RecordReader>> OpenCsv(TextInput input,
                                              std::shared_ptr<arrow::Schema> schema,
                                              const TextOptions& options) {
  if (input.pool == nullptr) input.pool = arrow::default_memory_pool();
  auto reader = std::make_unique<CsvReader>(std::move(input), schema->RemoveMetadata(), options);
  ARROW_RETURN_NOT_OK(reader->Open());
  return reader;
}

}  // namespace ampload::source
