// Nested Arrow types over other fields.
#pragma once

#include <arrow/type.h>

#include <memory>

namespace ampload::base {

// A list, struct or map of the same kind (size, sortedness of keys) over `fields`, which are as
// many as the type's own; a map has one, its entries. Every other type, unions too, as it is.
std::shared_ptr<arrow::DataType> WithFields(const std::shared_ptr<arrow::DataType>& type,
                                            const arrow::FieldVector& fields);

}  // namespace ampload::base
