// How a load's rows and a Delta table fit together: the columns that are written, and what becomes
// of the table's columns, properties and protocol. Pure, but for a new table's random id.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"
#include "ampload/table.h"
#include "loaders/deltalake/actions.h"
#include "loaders/deltalake/constraints.h"
#include "loaders/deltalake/deltalake_config.h"
#include "loaders/deltalake/snapshot.h"
#include "loaders/deltalake/table_schema.h"

namespace ampload::deltalake {

struct TableRules {
  // What rows are turned into (encode::ToLakeColumns): the columns that the rows have and every
  // partition column, under logical names, in the table's order and of the table's types, with its
  // nullability: a null in a column that is never null there is a bad row.
  std::shared_ptr<arrow::Schema> stored;
  // The table's columns after the next commit, with what Delta keeps about them.
  std::shared_ptr<arrow::Schema> table;
  std::vector<std::string> partition_columns;  // logical names, as the table has them
  ColumnMapping mapping = ColumnMapping::kNone;
  std::vector<Constraint> constraints;  // what each row that is added must keep
  // To be written with the next commit: of a new table, or one whose columns evolve.
  std::optional<Metadata> metadata;
  std::optional<Protocol> protocol;
  std::string evolution;  // what changes about a table that is there, in words; empty: nothing
};

// Overwrite, reset_pipeline.
bool ReplacesRows(const TableSpec& spec);

// Judges the rows of `spec` against `table` (null: it is to be made). A spec that replaces rows is
// taken to do so with its next commit: the caller makes it an append once that was done.
// `table_is_empty` counts where a stream meets a table without _amp_batch_id.
//
// Configuration errors: a table that is missing and not to be made, keys, partition columns that
// cannot be, and all that features.h refuses. Data errors, which name every column: types that
// cannot be stored, names that are equal but for their case, rows that do not fit the table under
// the spec's policy.
Result<TableRules> RulesFor(const TableSpec& spec, const DeltaLakeStorageConfig& config,
                            const Snapshot* table, bool table_is_empty);

}  // namespace ampload::deltalake
