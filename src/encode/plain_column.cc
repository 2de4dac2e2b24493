#include "encode/plain_column.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>

namespace ampload::encode {

std::shared_ptr<arrow::DataType> PlainType(std::shared_ptr<arrow::DataType> type) {
  if (type->id() == arrow::Type::EXTENSION) {
    type = static_cast<const arrow::ExtensionType&>(*type).storage_type();
  }
  if (type->id() == arrow::Type::DICTIONARY) {
    return static_cast<const arrow::DictionaryType&>(*type).value_type();
  }
  if (type->id() == arrow::Type::RUN_END_ENCODED) {
    return static_cast<const arrow::RunEndEncodedType&>(*type).value_type();
  }
  return type;
}

Result<std::shared_ptr<arrow::Array>> PlainColumn(const arrow::RecordBatch& batch, int column,
                                                  const std::shared_ptr<arrow::DataType>& type) {
  auto array = batch.column(column);
  if (array->type_id() == arrow::Type::EXTENSION) {
    array = static_cast<const arrow::ExtensionArray&>(*array).storage();
  }
  if (array->type()->Equals(*type)) return array;
  if (array->type_id() == arrow::Type::RUN_END_ENCODED) {
    ARROW_ASSIGN_OR_RAISE(const auto decoded, arrow::compute::RunEndDecode(array));
    return decoded.make_array();
  }
  ARROW_ASSIGN_OR_RAISE(const auto cast, arrow::compute::Cast(array, type));
  return cast.make_array();
}

}  // namespace ampload::encode
