// Rows of a table back as Arrow.
#pragma once

#include <arrow/table.h>

#include <cstdint>
#include <memory>

#include "ampload/status.h"
#include "loaders/postgresql/connection.h"
#include "loaders/postgresql/pg_table.h"

namespace ampload::postgresql {

// At most `limit` rows in the server's own order, each column of encode::pg::ArrowTypeOf's type. A
// column with a value that this type has not (infinity, NaN in a numeric, an array of several
// dimensions) comes as the server's text, days and timestamps in ISO 8601. Every value is exact,
// whatever the server's settings for dates and floats are: values travel as their binary form, in
// hex.
Result<std::shared_ptr<arrow::Table>> ReadTableRows(Connection& connection, const PgTable& table,
                                                    int64_t limit, const CallContext& context);

}  // namespace ampload::postgresql
