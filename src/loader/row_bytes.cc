#include "ampload/row_bytes.h"

#include <string_view>

#include "encode/row_format_encoder.h"
#include "encode/text_encoder.h"

namespace ampload {
namespace {

encode::ValueFormat ValueFormatOf(RowFormat format) {
  switch (format) {
    case RowFormat::kMsgpack:
      return encode::ValueFormat::kMsgpack;
    case RowFormat::kJson:
      return encode::ValueFormat::kJson;
    case RowFormat::kArrowIpc:
      break;
  }
  return encode::ValueFormat::kArrowIpc;
}

}  // namespace

Result<std::vector<std::string>> RowsAsBytes(const arrow::RecordBatch& batch, RowFormat format) {
  ARROW_ASSIGN_OR_RAISE(const auto encoder,
                        encode::MakeRowFormatEncoder(ValueFormatOf(format), batch.schema()));
  ARROW_ASSIGN_OR_RAISE(const auto encoded, encoder->Encode(batch));
  std::vector<std::string> rows;
  rows.reserve(static_cast<size_t>(encoded.num_rows()));
  for (int64_t i = 0; i < encoded.num_rows(); ++i) rows.emplace_back(encoded.row(i));
  return rows;
}

Status CheckColumns(const arrow::Schema& schema, RowFormat format) {
  return encode::MakeRowFormatEncoder(ValueFormatOf(format),
                                      std::make_shared<arrow::Schema>(schema))
      .status();
}

Result<std::shared_ptr<arrow::RecordBatch>> RowsFromBytes(
    const std::vector<std::string>& rows, RowFormat format,
    const std::shared_ptr<arrow::Schema>& schema) {
  const std::vector<std::string_view> views(rows.begin(), rows.end());
  return encode::DecodeRows(ValueFormatOf(format), views, schema);
}

Result<std::vector<std::optional<std::string>>> ColumnAsText(const arrow::RecordBatch& batch,
                                                             int column) {
  if (column < 0 || column >= batch.num_columns()) {
    return DataError("no such column: position=" + std::to_string(column) +
                     " columns=" + std::to_string(batch.num_columns()));
  }
  ARROW_ASSIGN_OR_RAISE(const auto alone, batch.SelectColumns({column}));
  ARROW_ASSIGN_OR_RAISE(const auto encoder,
                        encode::TextEncoder::Make(alone->schema(), encode::BinaryText::kBytes));
  ARROW_ASSIGN_OR_RAISE(const auto fields, encoder->Encode(*alone));
  std::vector<std::optional<std::string>> texts;
  texts.reserve(static_cast<size_t>(fields.num_rows));
  for (int64_t row = 0; row < fields.num_rows; ++row) {
    texts.emplace_back();
    if (!fields.is_absent(row, 0)) texts.back() = fields.field(row, 0);
  }
  return texts;
}

std::string FileNameOf(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string name;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter || (c >= '0' && c <= '9') || c == '-' || c == '_') {
      name += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      name += '%';
      name += kDigits[byte / 16];
      name += kDigits[byte % 16];
    }
  }
  return name;
}

}  // namespace ampload
