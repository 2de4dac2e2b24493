// The types that a sample of NDJSON suggests.
#include <arrow/type.h>
#include <fmt/format.h>

#include <map>
#include <utility>
#include <vector>

#include "source/text/inferred_text.h"
#include "source/text/json_tape.h"
#include "source/text/ndjson_reader.h"
#include "source/text/row_faults.h"
#include "source/text/text_blocks.h"
#include "source/text/text_schema.h"

namespace ampload::source {
namespace {

using FieldPtr = std::shared_ptr<arrow::Field>;

constexpr size_t kMostFields = 10'000;

enum Kind : size_t { kBool, kNumber, kString, kArray, kObject, kKinds };
constexpr std::string_view kKindNames[kKinds] = {"true or false", "a number", "a string",
                                                 "an array", "an object"};

std::optional<Kind> KindOf(JsonKind kind) {
  switch (kind) {
    case JsonKind::kTrue:
    case JsonKind::kFalse:
      return kBool;
    case JsonKind::kNumber:
      return kNumber;
    case JsonKind::kString:
    case JsonKind::kKey:
      return kString;
    case JsonKind::kArray:
      return kArray;
    case JsonKind::kObject:
      return kObject;
    case JsonKind::kNull:
      break;
  }
  return std::nullopt;
}

// What the values of one field have been so far.
class Shape {
 public:
  void See(const JsonTape& tape, uint32_t value, int64_t line, size_t* fields) {
    const auto kind = KindOf(tape.kind(value));
    if (!kind) return;
    if (first_line_[*kind] == 0) first_line_[*kind] = line;
    if (*kind == kNumber) forms_ = FormsOf(tape.text(value), forms_, Exponent::kAny);
    if (*kind == kObject) SeeMembers(tape, value, line, fields);
    if (*kind == kArray) {
      for (uint32_t at = value + 1; at < tape.end(value); at = tape.end(at)) {
        Inner("item", fields).See(tape, at, line, fields);
      }
    }
  }
  void SeeMembers(const JsonTape& tape, uint32_t object, int64_t line, size_t* fields) {
    for (uint32_t at = object + 1; at < tape.end(object); at = tape.end(at + 1)) {
      Inner(std::string(tape.text(at)), fields).See(tape, at + 1, line, fields);
    }
  }

  // The same for a record: of a declared column, only that it is there.
  void SeeRecord(const JsonTape& tape, int64_t line, const TextOptions& options, size_t* fields) {
    for (uint32_t at = 1; at < tape.end(0); at = tape.end(at + 1)) {
      const std::string name(tape.text(at));
      Shape& column = Inner(name, fields);
      if (!options.types.contains(name)) column.See(tape, at + 1, line, fields);
    }
  }

  const std::vector<std::pair<std::string, std::unique_ptr<Shape>>>& inner() const {
    return inner_;
  }

  // `where` and `column` are for the error: "a.b[]", "a".
  Result<FieldPtr> ToField(const std::string& name, const std::string& where,
                           const std::string& column, const std::string& path) const {
    std::vector<Kind> kinds;
    for (size_t kind = 0; kind < kKinds; ++kind) {
      if (first_line_[kind] != 0) kinds.push_back(static_cast<Kind>(kind));
    }
    if (kinds.empty()) return FieldWithoutValues(name);
    if (kinds.size() > 1) {
      return DataError(fmt::format(
          "{} column {}: {} in line {} and {} in line {}; --types {}:string keeps the text of each",
          path, where, kKindNames[kinds[0]], first_line_[kinds[0]], kKindNames[kinds[1]],
          first_line_[kinds[1]], column));
    }
    switch (kinds[0]) {
      case kBool:
        return arrow::field(name, arrow::boolean());
      case kNumber:
        return arrow::field(name, TypeOfForms(forms_));
      case kArray: {
        if (inner_.empty()) return arrow::field(name, arrow::list(FieldWithoutValues("item")));
        ARROW_ASSIGN_OR_RAISE(auto item,
                              inner_[0].second->ToField("item", where + "[]", column, path));
        return arrow::field(name, arrow::list(std::move(item)));
      }
      case kObject: {
        std::vector<FieldPtr> fields;
        for (const auto& [inner, shape] : inner_) {
          ARROW_ASSIGN_OR_RAISE(auto field,
                                shape->ToField(inner, where + "." + inner, column, path));
          fields.push_back(std::move(field));
        }
        return arrow::field(name, arrow::struct_(fields));
      }
      default:
        return arrow::field(name, arrow::utf8());
    }
  }

 private:
  Shape& Inner(const std::string& name, size_t* fields) {
    const auto [at, is_new] = index_.emplace(name, inner_.size());
    if (is_new) {
      ++*fields;
      inner_.emplace_back(name, std::make_unique<Shape>());
    }
    return *inner_[at->second].second;
  }

  int64_t first_line_[kKinds] = {};
  uint32_t forms_ = kJsonNumberForms;
  std::vector<std::pair<std::string, std::unique_ptr<Shape>>> inner_;  // an array's only: "item"
  std::map<std::string, size_t> index_;
};

}  // namespace

Result<std::shared_ptr<arrow::Schema>> InferNdjsonSchema(std::string_view sample,
                                                         bool sample_is_whole,
                                                         const TextOptions& options,
                                                         const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const size_t mark, ByteOrderMark(sample, path));
  sample.remove_prefix(mark);
  const size_t most_values = std::max<size_t>(8192, sample.size() / 8);
  JsonTape tape;
  Shape record;
  size_t fields = 0;
  int64_t number = 0;
  std::string first_fault;
  while (!sample.empty()) {
    const size_t end = sample.find('\n');
    if (end == std::string_view::npos && !sample_is_whole) break;
    const auto line = sample.substr(0, end);
    sample.remove_prefix(end == std::string_view::npos ? sample.size() : end + 1);
    ++number;
    if (const auto* fault = tape.Parse(line, most_values); fault != nullptr) {
      if (first_fault.empty()) first_fault = fmt::format("line {}: {}", number, fault);
      continue;
    }
    if (tape.kind(0) != JsonKind::kObject) continue;
    record.SeeRecord(tape, number, options, &fields);
    if (fields > kMostFields) {
      return DataError(fmt::format(
          "{} line {}: more than {} different fields; are there keys that are values? Declare such "
          "a field as a map or as string, as in --types balances:map<string, int64>",
          path, number, kMostFields));
    }
  }
  std::vector<FieldPtr> columns;
  for (const auto& [name, shape] : record.inner()) {
    const auto declared = options.types.find(name);
    if (declared != options.types.end()) {
      columns.push_back(arrow::field(name, declared->second));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(auto column, shape->ToField(name, name, name, path));
    columns.push_back(std::move(column));
  }
  for (const auto& declared : options.types) {
    const auto same = [&](const FieldPtr& column) { return column->name() == declared.first; };
    if (std::none_of(columns.begin(), columns.end(), same)) {
      columns.push_back(arrow::field(declared.first, declared.second));
    }
  }
  if (columns.empty() && !first_fault.empty()) {
    return DataError(
        fmt::format("{} {}; no line of the text's beginning is a JSON object", path, first_fault));
  }
  if (columns.empty()) {
    return DataError(fmt::format(
        "{}: there is no JSON object with a field in the text's beginning, so that it has no "
        "columns; NDJSON has one object a line",
        path));
  }
  return arrow::schema(std::move(columns));
}

}  // namespace ampload::source
