// Rows of a table back as Arrow.
#pragma once

#include <arrow/table.h>

#include <cstdint>
#include <memory>
#include <string>

#include "ampload/status.h"
#include "loaders/lmdb/environment.h"

namespace ampload::lmdb {

// The first `limit` rows in key order, in one read transaction, with the columns they were loaded
// with. A database that ampload did not make comes back as two binary columns, key and value. A
// missing table is a configuration error.
Result<std::shared_ptr<arrow::Table>> ReadTableRows(Environment& environment,
                                                    const std::string& table, int64_t limit);

}  // namespace ampload::lmdb
