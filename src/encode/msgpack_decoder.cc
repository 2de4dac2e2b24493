#include "encode/msgpack_decoder.h"

#include <arrow/array/util.h>
#include <arrow/builder.h>

#include <string>
#include <utility>
#include <vector>

#include "encode/decoded_type.h"
#include "encode/encodable.h"
#include "encode/msgpack_bytes.h"
#include "encode/msgpack_reader.h"
#include "encode/value_reader.h"

namespace ampload::encode {
namespace {

using Builders = std::vector<std::unique_ptr<arrow::ArrayBuilder>>;

Status ReadRow(std::string_view bytes, NamedReaders& columns) {
  MsgpackReader from(bytes);
  const MsgpackReader::Token head = from.Next();
  if (head.kind != MsgpackReader::Kind::kMap) return DataError("the row is not a msgpack map");
  const ValueReader* at = nullptr;
  const Status status = columns.Read(head.number, from, &at);
  if (status.ok()) {
    return from.at_end() ? Status::OK() : DataError("there are bytes behind the row's map");
  }
  // A builder's own error, such as more than 2 GiB in a string column, knows no column.
  if (status.detail() != nullptr || at == nullptr) return status;
  return DataError(status.message() + ": column=" + at->path());
}

Result<std::shared_ptr<arrow::Array>> Finish(arrow::ArrayBuilder& builder,
                                             const std::shared_ptr<arrow::DataType>& type) {
  std::shared_ptr<arrow::ArrayData> data;
  ARROW_RETURN_NOT_OK(builder.FinishInternal(&data));
  SetType(*data, type);
  return arrow::MakeArray(data);
}

}  // namespace

Status RowError(std::string_view format, size_t row, const Status& status) {
  const bool has_column = status.message().find(": column=") != std::string::npos;
  return DataError(std::string(format) + ": " + status.message() + (has_column ? "" : ":") +
                   " row=" + std::to_string(row));
}

Result<std::shared_ptr<arrow::RecordBatch>> DecodeMsgpackRows(
    std::span<const std::string_view> rows, const std::shared_ptr<arrow::Schema>& schema,
    std::string_view format) {
  ARROW_RETURN_NOT_OK(CheckEncodable(*schema, msgpack::kMaxDepth, format));
  arrow::FieldVector fields;
  Builders builders;
  NamedReaders columns;
  for (const auto& field : schema->fields()) {
    fields.push_back(field->WithType(DecodedType(field->type())));
    const auto type = StorageType(fields.back()->type());
    ARROW_ASSIGN_OR_RAISE(auto builder, arrow::MakeBuilder(type));
    columns.Add(field->name(), MakeValueReader(*type, *builder, field->name()));
    builders.push_back(std::move(builder));
  }
  for (size_t row = 0; row < rows.size(); ++row) {
    if (Status status = ReadRow(rows[row], columns); !status.ok()) {
      return RowError(format, row, status);
    }
  }
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < builders.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto array, Finish(*builders[i], fields[i]->type()));
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields), schema->metadata()),
                                  static_cast<int64_t>(rows.size()), std::move(arrays));
}

}  // namespace ampload::encode
