// A condition of Delta's SQL as an Arrow expression, where it has one meaning alone.
//
//   id > 0 AND (`a b` IN ('x', 'y') OR d BETWEEN '2020-01-01' AND '2020-12-31') AND NOT flag
//
// Read are: = == != <> < <= > >= between a column and a literal (either way round) or another
// column of its type, [NOT] IN, [NOT] BETWEEN, IS [NOT] NULL, a boolean column, true and false;
// AND, OR, NOT and parentheses. Names in any case, as Delta compares them. Literals: numbers,
// 'text', true, false, times as text, DATE '...', TIMESTAMP '...', and as delta-rs writes them:
// '...'::date, arrow_cast('...', 'Timestamp(Microsecond, None)').
//
// Nothing is guessed: what Spark would compute in another type than the column's, and what engines
// read differently, is refused. NaN is larger than all else, as in Spark.
#pragma once

#include <arrow/compute/expression.h>
#include <arrow/type.h>

#include <string_view>

#include "ampload/status.h"

namespace ampload::deltalake {

// `table`: logical columns with what Delta keeps about them. The expression is not bound; it refers
// to columns by the names that they have in `table`. Null stands for null, as SQL has it. A
// configuration error says why the condition cannot be read, without naming it.
Result<arrow::compute::Expression> ReadSqlCondition(std::string_view sql,
                                                    const arrow::Schema& table);

}  // namespace ampload::deltalake
