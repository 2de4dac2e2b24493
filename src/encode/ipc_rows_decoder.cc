#include "encode/ipc_rows_decoder.h"

#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>

#include <string>
#include <utility>
#include <vector>

#include "encode/decoded_type.h"
#include "encode/encodable.h"
#include "encode/exact_cast.h"
#include "encode/msgpack_bytes.h"
#include "encode/msgpack_decoder.h"

namespace ampload::encode {
namespace {

// The row's value of a column, or a null where it has none.
Result<std::shared_ptr<arrow::Array>> ValueOf(const arrow::RecordBatch& row,
                                              const arrow::Field& column) {
  const std::vector<int> places = row.schema()->GetAllFieldIndices(column.name());
  if (places.empty()) return arrow::MakeArrayOfNull(column.type(), 1);
  if (places.size() > 1) return DataError("the column is there twice: column=" + column.name());
  auto array = row.column(places[0]);
  if (array->type_id() == arrow::Type::NA) return arrow::MakeArrayOfNull(column.type(), 1);
  // The row may be older than the column's widening.
  if (IsExactWidening(*array->type(), *column.type())) {
    return ExactCast(array, column.type(), {});
  }
  if (!array->type()->Equals(*column.type())) {
    return DataError("the value is of another type than the column: column=" + column.name() +
                     " type=" + array->type()->ToString());
  }
  return array;
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> ReadIpcRow(std::string_view bytes) {
  // A copy of its own: a store's bytes may begin anywhere, and the reader wants multiples of 8.
  auto source =
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::string(bytes)));
  auto reader = arrow::ipc::RecordBatchStreamReader::Open(std::move(source));
  if (!reader.ok()) return DataError("no Arrow IPC stream: " + reader.status().message());
  auto batch = (*reader)->Next();
  if (!batch.ok()) return DataError("a damaged record batch: " + batch.status().message());
  if (*batch == nullptr || (*batch)->num_rows() != 1) return DataError("not one row");
  if (const Status valid = (*batch)->ValidateFull(); !valid.ok()) {
    return DataError("a damaged record batch: " + valid.message());
  }
  const auto end = (*reader)->Next();
  if (!end.ok() || *end != nullptr) return DataError("something behind the row");
  return *batch;
}

Result<std::shared_ptr<arrow::RecordBatch>> DecodeIpcRows(
    std::span<const std::string_view> rows, const std::shared_ptr<arrow::Schema>& schema) {
  ARROW_RETURN_NOT_OK(CheckEncodable(*schema, msgpack::kMaxDepth, "arrow_ipc"));
  const auto storage = StorageSchema(*schema);
  std::vector<arrow::ArrayVector> values(static_cast<size_t>(schema->num_fields()));
  for (size_t row = 0; row < rows.size(); ++row) {
    const auto batch = ReadIpcRow(rows[row]);
    if (!batch.ok()) return RowError("arrow_ipc", row, batch.status());
    for (size_t i = 0; i < values.size(); ++i) {
      auto value = ValueOf(**batch, *storage->field(static_cast<int>(i)));
      if (!value.ok()) return RowError("arrow_ipc", row, value.status());
      values[i].push_back(std::move(*value));
    }
  }
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto& field = schema->field(static_cast<int>(i));
    if (values[i].empty()) {
      ARROW_ASSIGN_OR_RAISE(auto none,
                            arrow::MakeArrayOfNull(storage->field(static_cast<int>(i))->type(), 0));
      values[i].push_back(std::move(none));
    }
    ARROW_ASSIGN_OR_RAISE(const auto column, arrow::Concatenate(values[i]));
    fields.push_back(field->WithType(DecodedType(field->type())));
    auto data = column->data()->Copy();
    SetType(*data, fields.back()->type());
    columns.push_back(arrow::MakeArray(data));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields), schema->metadata()),
                                  static_cast<int64_t>(rows.size()), std::move(columns));
}

}  // namespace ampload::encode
