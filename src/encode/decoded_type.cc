#include "encode/decoded_type.h"

#include <arrow/extension_type.h>
#include <arrow/type_traits.h>

namespace ampload::encode {
namespace {

using arrow::DataType;
using arrow::Type;
using TypePtr = std::shared_ptr<DataType>;

// `type` with `change` applied to the types of its fields.
template <class Change>
TypePtr WithFields(const TypePtr& type, Change&& change) {
  if (!arrow::is_nested(type->id())) return type;
  const auto field = [&](const std::shared_ptr<arrow::Field>& f) {
    return f->WithType(change(f->type()));
  };
  switch (type->id()) {
    case Type::LIST:
      return arrow::list(field(type->field(0)));
    case Type::LARGE_LIST:
      return arrow::large_list(field(type->field(0)));
    case Type::LIST_VIEW:
      return arrow::list_view(field(type->field(0)));
    case Type::LARGE_LIST_VIEW:
      return arrow::large_list_view(field(type->field(0)));
    case Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(
          field(type->field(0)), static_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case Type::MAP:
      return std::make_shared<arrow::MapType>(
          field(type->field(0)), static_cast<const arrow::MapType&>(*type).keys_sorted());
    case Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& f : type->fields()) fields.push_back(field(f));
      return arrow::struct_(fields);
    }
    default:
      return type;
  }
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
      return WithFields(type, DecodedType);
  }
}

TypePtr StorageType(const TypePtr& type) {
  if (type->id() == Type::EXTENSION) {
    return StorageType(static_cast<const arrow::ExtensionType&>(*type).storage_type());
  }
  return WithFields(type, StorageType);
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
