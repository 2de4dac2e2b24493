// What a column's type becomes on its way through rows.
#pragma once

#include <arrow/array/data.h>
#include <arrow/type.h>

#include <memory>

namespace ampload::encode {

// `type` with every dictionary and run-end-encoded type in it, at any depth, replaced by its value
// type. An extension type stays, unless its storage changes by that: then it is its storage.
std::shared_ptr<arrow::DataType> DecodedType(const std::shared_ptr<arrow::DataType>& type);

// `type`, which DecodedType made, with every extension type replaced by its storage, and no
// metadata of nested fields.
std::shared_ptr<arrow::DataType> StorageType(const std::shared_ptr<arrow::DataType>& type);

// `schema` with every column's type as StorageType(DecodedType(type)), and no metadata anywhere.
std::shared_ptr<arrow::Schema> StorageSchema(const arrow::Schema& schema);

// Gives `data`, which has StorageType(type) but for names of nested fields, the type itself.
void SetType(arrow::ArrayData& data, const std::shared_ptr<arrow::DataType>& type);

}  // namespace ampload::encode
