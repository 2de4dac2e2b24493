// The types that a sample of CSV suggests.
#include <arrow/type.h>
#include <fmt/format.h>

#include "source/text/cell_column.h"
#include "source/text/csv_header.h"
#include "source/text/csv_reader.h"
#include "source/text/inferred_text.h"
#include "source/text/text_blocks.h"
#include "source/text/text_schema.h"

namespace ampload::source {
namespace {

struct Suggestion {
  uint32_t forms = kCsvForms;
  bool any_value = false;

  void See(std::string_view text) {
    any_value = true;
    if (forms != 0) forms = FormsOf(text, forms, Exponent::kAsPrinted);
  }
};

class Sample {
 public:
  Sample(std::string_view text, bool whole, const TextOptions& options)
      : at_(text.data()),
        end_(text.data() + text.size()),
        whole_(whole),
        tokenizer_(options.delimiter, options.quote) {}

  // The next record into cells() and record(); false at the end, or where the sample cuts it off.
  bool Next() {
    if (at_ == end_) return false;
    cells_.clear();
    const char* const next = tokenizer_.Take(at_, end_, whole_, &cells_, &record_);
    if (next == nullptr) return false;
    at_ = next;
    return true;
  }
  // The first one that is no blank line.
  bool NextWithText() {
    while (Next()) {
      if (!record_.raw.empty()) return true;
    }
    return false;
  }
  // As if the record at hand had not been read.
  void Back() { at_ = record_.raw.data(); }

  bool at_end() const { return at_ == end_; }
  const std::vector<CsvCell>& cells() const { return cells_; }
  const CsvRecord& record() const { return record_; }

 private:
  const char* at_;
  const char* const end_;
  const bool whole_;
  const CsvTokenizer tokenizer_;
  std::vector<CsvCell> cells_;
  CsvRecord record_;
};

}  // namespace

Result<std::shared_ptr<arrow::Schema>> InferCsvSchema(std::string_view sample, bool sample_is_whole,
                                                      const TextOptions& options,
                                                      const std::string& path) {
  ARROW_RETURN_NOT_OK(CheckCsvOptions(options));
  ARROW_ASSIGN_OR_RAISE(const size_t mark, ByteOrderMark(sample, path));
  Sample records(sample.substr(mark), sample_is_whole, options);
  if (!records.NextWithText()) {
    if (records.at_end()) {
      return DataError(fmt::format("{}: the text is empty, so that it has no columns", path));
    }
    return DataError(
        fmt::format("{}: the first record has no end within the first {} bytes; is it CSV?", path,
                    sample.size()));
  }
  if (records.record().fault != nullptr) {
    return DataError(fmt::format("{}: in the header: {}", path, records.record().fault));
  }
  ARROW_ASSIGN_OR_RAISE(const auto names, CsvColumnNames(records.cells(), options, path));
  ARROW_RETURN_NOT_OK(CheckDeclaredTypes(names, options, path));

  std::vector<Suggestion> suggestions(names.size());
  std::string scratch;
  if (!options.header) records.Back();
  while (records.Next()) {
    if (records.record().fault != nullptr || records.cells().size() != names.size()) continue;
    for (size_t i = 0; i < names.size(); ++i) {
      const CsvCell& cell = records.cells()[i];
      if (!cell.quoted && cell.raw() == options.null_text) continue;
      suggestions[i].See(CellText(cell, options.quote, &scratch));
    }
  }

  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (size_t i = 0; i < names.size(); ++i) {
    if (const auto declared = options.types.find(names[i]); declared != options.types.end()) {
      fields.push_back(arrow::field(names[i], declared->second));
    } else if (!suggestions[i].any_value) {
      fields.push_back(FieldWithoutValues(names[i]));
    } else {
      fields.push_back(arrow::field(names[i], TypeOfForms(suggestions[i].forms)));
    }
  }
  return arrow::schema(std::move(fields));
}

}  // namespace ampload::source
