#include "source/file/valid_values.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>

#include <memory>
#include <string>
#include <vector>

#include "base/nested_type.h"

namespace ampload::source {
namespace {

using arrow::Type;
using DataPtr = std::shared_ptr<arrow::ArrayData>;
using TypePtr = std::shared_ptr<arrow::DataType>;

// The type with bytes in place of text, at every depth, and extensions as their storage.
TypePtr BytesType(const TypePtr& type) {
  switch (type->id()) {
    case Type::STRING:
      return arrow::binary();
    case Type::LARGE_STRING:
      return arrow::large_binary();
    case Type::STRING_VIEW:
      return arrow::binary_view();
    case Type::EXTENSION:
      return BytesType(static_cast<const arrow::ExtensionType&>(*type).storage_type());
    case Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryType&>(*type);
      return arrow::dictionary(dictionary.index_type(), BytesType(dictionary.value_type()),
                               dictionary.ordered());
    }
    case Type::RUN_END_ENCODED: {
      const auto& runs = static_cast<const arrow::RunEndEncodedType&>(*type);
      return arrow::run_end_encoded(runs.run_end_type(), BytesType(runs.value_type()));
    }
    default: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) {
        fields.push_back(field->WithType(BytesType(field->type())));
      }
      return base::WithFields(type, fields);
    }
  }
}

DataPtr BytesData(const arrow::ArrayData& data) {
  auto copy = std::make_shared<arrow::ArrayData>(data);
  copy->type = BytesType(data.type);
  for (auto& child : copy->child_data) child = BytesData(*child);
  if (copy->dictionary != nullptr) copy->dictionary = BytesData(*copy->dictionary);
  return copy;
}

bool HasUnion(const arrow::DataType& type) {
  if (arrow::is_union(type.id())) return true;
  for (const auto& field : type.fields()) {
    if (HasUnion(*field->type())) return true;
  }
  return false;
}

}  // namespace

arrow::Status CheckValues(const arrow::RecordBatch& batch) {
  ARROW_RETURN_NOT_OK(batch.Validate());
  for (int i = 0; i < batch.num_columns(); ++i) {
    const auto& column = batch.column(i);
    // No store takes a union, so its strings never meet an encoder.
    const arrow::Status valid = HasUnion(*column->type())
                                    ? column->ValidateFull()
                                    : arrow::MakeArray(BytesData(*column->data()))->ValidateFull();
    if (!valid.ok()) return valid.WithMessage(valid.message(), ": column=", batch.column_name(i));
  }
  return arrow::Status::OK();
}

}  // namespace ampload::source
