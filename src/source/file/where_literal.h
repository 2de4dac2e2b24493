// A literal of --where as a value of its column's type: exactly, or not at all.
#pragma once

#include <arrow/scalar.h>
#include <arrow/type.h>

#include <memory>

#include "ampload/status.h"
#include "source/file/where_lexer.h"

namespace ampload::source {

// `type` is not dictionary, extension or nested. Refused (a configuration error without the place,
// which the caller adds): another kind of literal than the type takes, a value outside of the
// type's range, a fraction finer than its scale or unit, hex of another width, a timestamp without
// a zone for a column with one and the other way round. A fraction for a floating column is its
// nearest value, as in every language; a whole number must be met exactly.
Result<std::shared_ptr<arrow::Scalar>> ConvertLiteral(const Token& literal,
                                                      const std::shared_ptr<arrow::DataType>& type);

}  // namespace ampload::source
