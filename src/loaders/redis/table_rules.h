// How a load's rows lie in one table: from the options, the spec, and the table that is there.
#pragma once

#include <optional>
#include <string>

#include "ampload/load_mode.h"
#include "ampload/status.h"
#include "ampload/table.h"
#include "loaders/redis/catalog.h"
#include "loaders/redis/redis_config.h"
#include "loaders/redis/row_form.h"

namespace ampload::redis {

struct TableRules {
  TableRecord record;     // as the next commit leaves it; its uuid is empty for a new table
  RowForm form;           // how rows are written now
  std::string evolution;  // what changes about the table's columns, in words; or empty
};

// Judges options and rows against `table` (nullopt: it is to be made; also where `replacing`, but
// for options that are not given). Configuration errors for a mode or a stream that the structure
// has not, an option that is not about the structure, a key that differs from the table's, a name
// of ampload's own; data errors for columns that do not fit. Pure.
Result<TableRules> RulesFor(const RedisConfig& config, const TableSpec& spec,
                            const std::optional<TableRecord>& table, bool replacing);

// The structure of a load: the option's, else the table's own, else hash.
Structure StructureFor(const RedisConfig& config, const std::optional<TableRecord>& table);

}  // namespace ampload::redis
