// Columns as the few layouts that file formats know. Pure; safe from any thread.
#pragma once

#include <arrow/array.h>

#include <memory>

#include "ampload/status.h"

namespace ampload::encode {

// The same values without dictionaries, runs, extensions and views, at every depth; every kind of
// list is a list (element field "element"), a map's fields are "key" and "value". Behind a null
// stands nothing: a null list has no elements, and the parts of a null struct are null. What is
// like that already is not copied. A data error for an index outside its dictionary and for more
// than 2^31 - 1 elements.
Result<std::shared_ptr<arrow::Array>> PlainValues(const std::shared_ptr<arrow::Array>& array);

// The validity of the array's own rows from bit 0 on, a copy only where it begins elsewhere; null
// where all are valid.
Result<std::shared_ptr<arrow::Buffer>> ValidityOf(const arrow::Array& array);

}  // namespace ampload::encode
