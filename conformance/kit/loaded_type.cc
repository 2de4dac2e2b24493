#include "conformance/kit/loaded_type.h"

#include <arrow/array/util.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>

#include <string>
#include <vector>

#include "encode/row_format_encoder.h"

namespace ampload::conformance {
namespace {

using encode::ValueFormat;

std::shared_ptr<arrow::Schema> OneColumn(const std::shared_ptr<arrow::DataType>& type) {
  return arrow::schema({arrow::field("v", type)});
}

Result<std::shared_ptr<arrow::Array>> FromJson(const std::vector<std::string>& rows,
                                               const std::shared_ptr<arrow::DataType>& type) {
  const std::vector<std::string_view> views(rows.begin(), rows.end());
  ARROW_ASSIGN_OR_RAISE(const auto batch,
                        encode::DecodeRows(ValueFormat::kJson, views, OneColumn(type)));
  return batch->column(0);
}

// Text is a JSON value each.
std::vector<std::string> JsonOfText(const arrow::StringArray& text) {
  std::vector<std::string> rows;
  for (int64_t i = 0; i < text.length(); ++i) {
    rows.push_back(text.IsNull(i) ? "{}" : R"({"v":)" + text.GetString(i) + "}");
  }
  return rows;
}

Result<std::vector<std::string>> JsonOfValues(const std::shared_ptr<arrow::Array>& values) {
  const auto schema = OneColumn(values->type());
  ARROW_ASSIGN_OR_RAISE(const auto encoder,
                        encode::MakeRowFormatEncoder(ValueFormat::kJson, schema));
  ARROW_ASSIGN_OR_RAISE(const auto encoded, encoder->Encode(*arrow::RecordBatch::Make(
                                                schema, values->length(), {values})));
  std::vector<std::string> rows;
  for (int64_t i = 0; i < values->length(); ++i) rows.emplace_back(encoded.row(i));
  return rows;
}

bool IsNested(const arrow::DataType& type) { return type.num_fields() > 0; }

}  // namespace

Result<std::shared_ptr<arrow::Array>> AsLoaded(const std::shared_ptr<arrow::Array>& stored,
                                               const std::shared_ptr<arrow::DataType>& loaded) {
  if (stored->type()->Equals(*loaded)) return stored;
  if (stored->null_count() == stored->length()) {
    return arrow::MakeArrayOfNull(loaded, stored->length());
  }
  if (stored->type_id() == arrow::Type::STRING && IsNested(*loaded)) {
    return FromJson(JsonOfText(static_cast<const arrow::StringArray&>(*stored)), loaded);
  }
  auto cast = arrow::compute::Cast(*stored, loaded);
  if (cast.ok() || !cast.status().IsNotImplemented()) return cast;
  ARROW_ASSIGN_OR_RAISE(const auto rows, JsonOfValues(stored));
  return FromJson(rows, loaded);
}

}  // namespace ampload::conformance
