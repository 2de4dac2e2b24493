// Rows of a Redis table as Arrow columns, past the loader: found and fetched with hiredis, made
// values by the decoders of src/encode, which the interop tier judges with a foreign reader.
#pragma once

#include <arrow/table.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conformance/loaders/redis_client.h"
#include "loaders/redis/catalog.h"

namespace ampload::conformance {

// What the loader keeps about the table, its schema included; nullopt: there is no such table.
Result<std::optional<redis::TableRecord>> ReadTableRecord(RedisClient& client,
                                                          const std::string& table);

// The Redis keys that the rows are under: one a row, or the one of all. Of a table without a record
// those that a load with default keys would make.
Result<std::vector<std::string>> KeysOfTable(RedisClient& client, const std::string& table,
                                             const std::optional<redis::TableRecord>& record);

// How many rows are really there. A data error where the loader's own count says otherwise.
Result<int64_t> CountTableRows(RedisClient& client, const std::string& table);

// All rows. A data error for a field that the table has no column for, and for a stream's entry
// whose id is not that of its batch.
Result<std::shared_ptr<arrow::Table>> ReadTableRows(RedisClient& client, const std::string& table,
                                                    const redis::TableRecord& record);

}  // namespace ampload::conformance
