// Range partitions of a table, made as rows need them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ampload/status.h"
#include "loaders/postgresql/connection.h"
#include "loaders/postgresql/names.h"
#include "loaders/postgresql/postgresql_config.h"

namespace ampload::postgresql {

// The option partition_by: "block_num:1000000".
struct PartitionBy {
  std::string column;
  int64_t width = 0;
  friend bool operator==(const PartitionBy&, const PartitionBy&) = default;
};

// nullopt for an empty text; a configuration error where it is not COLUMN:N with N > 0.
Result<std::optional<PartitionBy>> ParsePartitionBy(std::string_view text);

// Values from `from` on and below `to`; nullopt: without a bound on that side.
struct ValueRange {
  std::optional<int64_t> from;
  std::optional<int64_t> to;
  friend bool operator==(const ValueRange&, const ValueRange&) = default;
};

// "FOR VALUES FROM ('0') TO ('1000000')", as the server prints the bounds of a partition by one
// integer. nullopt for any other text.
std::optional<ValueRange> ParseBounds(std::string_view text);

// The ranges to make so that every value of [min, max] has a partition: aligned to multiples of
// `width`, less what `existing` covers. In ascending order. Pure.
std::vector<ValueRange> MissingRanges(const std::vector<ValueRange>& existing, int64_t width,
                                      int64_t min, int64_t max);

// "logs_p1000000"; where that has more than 63 bytes, the table's name is cut and has a digest.
std::string PartitionName(const std::string& table, const ValueRange& range);

// Makes the partitions that rows with values of [min, max] need, within the caller's transaction,
// and returns their names. Readers go on: a partition is made as a table of its own and attached,
// under a lock that only waits for others who change the table. A table with a default partition
// is left as it is. `config` has unlogged.
Result<std::vector<std::string>> EnsurePartitions(Connection& connection, const TableName& table,
                                                  const PartitionBy& by, int64_t min, int64_t max,
                                                  const PostgreSQLConfig& config,
                                                  const CallContext& context);

}  // namespace ampload::postgresql
