#include "encode/decoded_type.h"

#include <arrow/extension_type.h>
#include <arrow/type_traits.h>

#include <utility>

#include "base/nested_type.h"

namespace ampload::encode {
namespace {

using arrow::DataType;
using arrow::Type;
using TypePtr = std::shared_ptr<DataType>;

using FieldPtr = std::shared_ptr<arrow::Field>;

// `type` with `change` applied to its fields.
template <class Change>
TypePtr Changed(const TypePtr& type, Change&& change) {
  arrow::FieldVector fields;
  for (const auto& field : type->fields()) fields.push_back(change(field));
  return base::WithFields(type, fields);
}

}  // namespace

TypePtr DecodedType(const TypePtr& type) {
  switch (type->id()) {
    case Type::DICTIONARY:
      return DecodedType(static_cast<const arrow::DictionaryType&>(*type).value_type());
    case Type::RUN_END_ENCODED:
      return DecodedType(static_cast<const arrow::RunEndEncodedType&>(*type).value_type());
    case Type::EXTENSION: {
      const auto& storage = static_cast<const arrow::ExtensionType&>(*type).storage_type();
      const TypePtr decoded = DecodedType(storage);
      return decoded->Equals(*storage) ? type : decoded;
    }
    default:
      return Changed(type, [](const FieldPtr& f) { return f->WithType(DecodedType(f->type())); });
  }
}

TypePtr StorageType(const TypePtr& type) {
  if (type->id() == Type::EXTENSION) {
    return StorageType(static_cast<const arrow::ExtensionType&>(*type).storage_type());
  }
  return Changed(type, [](const FieldPtr& f) {
    return f->WithType(StorageType(f->type()))->WithMetadata(nullptr);
  });
}

std::shared_ptr<arrow::Schema> StorageSchema(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    fields.push_back(
        field->WithType(StorageType(DecodedType(field->type())))->WithMetadata(nullptr));
  }
  return arrow::schema(std::move(fields));
}

void SetType(arrow::ArrayData& data, const TypePtr& type) {
  data.type = type;
  const DataType* storage = type.get();
  while (storage->id() == Type::EXTENSION) {
    storage = static_cast<const arrow::ExtensionType&>(*storage).storage_type().get();
  }
  for (size_t i = 0; i < data.child_data.size(); ++i) {
    SetType(*data.child_data[i], storage->field(static_cast<int>(i))->type());
  }
}

}  // namespace ampload::encode
