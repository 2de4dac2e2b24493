#include "encode/decoded_columns.h"

#include <arrow/array/util.h>
#include <arrow/builder.h>

#include <utility>

#include "encode/decoded_type.h"
#include "encode/encodable.h"
#include "encode/msgpack_bytes.h"

namespace ampload::encode {

Result<DecodedColumns> DecodedColumns::Make(const std::shared_ptr<arrow::Schema>& schema,
                                            std::string_view format) {
  ARROW_RETURN_NOT_OK(CheckEncodable(*schema, msgpack::kMaxDepth, format));
  DecodedColumns columns;
  arrow::FieldVector fields;
  for (const auto& field : schema->fields()) {
    fields.push_back(field->WithType(DecodedType(field->type())));
    columns.storage_.push_back(StorageType(fields.back()->type()));
    ARROW_ASSIGN_OR_RAISE(auto builder, arrow::MakeBuilder(columns.storage_.back()));
    columns.builders_.push_back(std::move(builder));
  }
  columns.schema_ = arrow::schema(std::move(fields), schema->metadata());
  return columns;
}

std::vector<std::unique_ptr<ValueReader>> DecodedColumns::MakeReaders() {
  std::vector<std::unique_ptr<ValueReader>> readers;
  for (size_t i = 0; i < builders_.size(); ++i) {
    readers.push_back(
        MakeValueReader(*storage_[i], *builders_[i], schema_->field(static_cast<int>(i))->name()));
  }
  return readers;
}

Result<std::shared_ptr<arrow::RecordBatch>> DecodedColumns::Finish(int64_t rows) {
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < builders_.size(); ++i) {
    std::shared_ptr<arrow::ArrayData> data;
    ARROW_RETURN_NOT_OK(builders_[i]->FinishInternal(&data));
    SetType(*data, schema_->field(static_cast<int>(i))->type());
    arrays.push_back(arrow::MakeArray(data));
  }
  return arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
}

}  // namespace ampload::encode
