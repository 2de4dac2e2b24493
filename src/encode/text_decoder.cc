#include "encode/text_decoder.h"

#include <arrow/type_traits.h>

#include <string>
#include <utility>

#include "encode/decoded_columns.h"
#include "encode/decoded_type.h"
#include "encode/json_to_msgpack.h"
#include "encode/msgpack_decoder.h"
#include "encode/scalar_to_msgpack.h"

namespace ampload::encode {
namespace {

// Each text is first written as the msgpack value of its column's type, as JSON values are.
class TextToMsgpack {
 public:
  explicit TextToMsgpack(BinaryText binaries) : binaries_(binaries), json_(arrow::FieldVector()) {}

  Status Convert(const arrow::DataType& type, std::string_view text, const std::string& path,
                 std::string* out) {
    using arrow::Type;
    if (arrow::is_nested(type.id())) return json_.ConvertValue(type, text, path, out);
    if (arrow::is_integer(type.id())) return AppendInteger(text, path, out);
    if (arrow::is_floating(type.id())) {
      return AppendFloat(type, text, kTextFloatWords, path, out);
    }
    switch (type.id()) {
      case Type::NA:
        return RefuseText("a value, not null", path);
      case Type::BOOL:
        if (text != "true" && text != "false") return RefuseText("not a bool", path);
        AppendBool(text == "true", out);
        return Status::OK();
      case Type::BINARY:
      case Type::LARGE_BINARY:
      case Type::BINARY_VIEW:
      case Type::FIXED_SIZE_BINARY:
        if (binaries_ == BinaryText::kHex) return AppendHexBinary(text, path, out);
        AppendBinary(text, out);
        return Status::OK();
      default:  // strings, and what is written as one
        AppendStr(text, out);
        return Status::OK();
    }
  }

 private:
  BinaryText binaries_;
  JsonToMsgpack json_;
};

Status CheckLengths(std::span<const TextRow> rows, size_t columns) {
  for (size_t row = 0; row < rows.size(); ++row) {
    if (rows[row].size() == columns) continue;
    return RowError("text", row, DataError("the row has not one field for each column"));
  }
  return Status::OK();
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> DecodeFields(
    const std::shared_ptr<arrow::Schema>& schema, std::span<const TextRow> rows,
    BinaryText binaries) {
  ARROW_ASSIGN_OR_RAISE(auto columns, DecodedColumns::Make(schema, "text"));
  const auto readers = columns.MakeReaders();
  ARROW_RETURN_NOT_OK(CheckLengths(rows, readers.size()));
  const auto storage = StorageSchema(*schema);
  TextToMsgpack converter(binaries);
  std::string bytes;
  for (size_t column = 0; column < readers.size(); ++column) {
    const auto& type = *storage->field(static_cast<int>(column))->type();
    auto& reader = *readers[column];
    const auto read = [&](const std::optional<std::string_view>& text) -> Status {
      if (!text.has_value()) return reader.AppendNull();
      bytes.clear();
      ARROW_RETURN_NOT_OK(converter.Convert(type, *text, reader.path(), &bytes));
      MsgpackReader from(bytes);
      const Status status = reader.Read(from);
      // A builder's own error knows no column.
      return status.ok() || status.detail() != nullptr
                 ? status
                 : RefuseText(status.message(), reader.path());
    };
    for (size_t row = 0; row < rows.size(); ++row) {
      const Status status = read(rows[row][column]);
      if (!status.ok()) return RowError("text", row, status);
    }
  }
  return columns.Finish(static_cast<int64_t>(rows.size()));
}

}  // namespace ampload::encode
