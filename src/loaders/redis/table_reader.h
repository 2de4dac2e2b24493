// Rows back from Redis, for people: `ampload inspect`.
#pragma once

#include <arrow/table.h>

#include <cstdint>
#include <memory>
#include <string>

#include "ampload/status.h"
#include "loaders/redis/catalog.h"

namespace ampload::redis {

// At most `limit` rows of one table, in the server's own order. Of a table with a key a row they
// are found by SCAN, in bounded steps.
Result<std::shared_ptr<arrow::Table>> ReadTableRows(Connection& connection,
                                                    const std::string& table,
                                                    const TableRecord& record, int64_t limit,
                                                    const CallContext& context);

}  // namespace ampload::redis
