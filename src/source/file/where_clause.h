// `--where`: `column op literal` joined by and, or, not, with parentheses, as an Arrow expression.
//
//   block_num >= 100 and topic0 = 0xddf2...  or  to is null  or  status in (true)  or  not (a !=
//   'x')
//
// Operators: = == != <> < <= > >= in, is null, is not null. Literals: integers and decimals of any
// size, floats, 'text' ('' is a quote), true, false, 0x hex for binary columns, 'RFC 3339' text for
// timestamps and dates. Column names may stand in double quotes. Keywords in any case.
#pragma once

#include <arrow/compute/expression.h>
#include <arrow/type.h>

#include <string_view>

#include "ampload/status.h"

namespace ampload::source {

// The filter, bound to the schema's types: a literal is converted to its column's type exactly, or
// refused (a value outside of the type's range is a configuration error, never a wrapped or rounded
// one). Errors point at the place in the text.
Result<arrow::compute::Expression> ParseWhere(std::string_view text, const arrow::Schema& schema);

}  // namespace ampload::source
