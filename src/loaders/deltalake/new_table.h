// Metadata and protocol of a table that is to be made, and of one whose columns change. Pure, but
// for a new table's random id.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "loaders/deltalake/actions.h"
#include "loaders/deltalake/deltalake_config.h"
#include "loaders/deltalake/snapshot.h"
#include "loaders/deltalake/table_schema.h"

namespace ampload::deltalake {

struct TableDefinition {
  std::shared_ptr<arrow::Schema> schema;  // logical, with what Delta keeps about the columns
  ColumnMapping mapping = ColumnMapping::kNone;
  Metadata metadata;
  Protocol protocol;
};

// `columns`: as encode::LakeSchema gives them, in the order that the table gets. Names that
// Parquet or Delta do not take as they are (blanks, commas ...) make it a table with column mapping
// by name. Configuration errors: partition columns that are missing, of a type that cannot be, or
// all there are; such names where delta.columnMapping.mode=none is asked for.
Result<TableDefinition> DefineTable(const DeltaLakeStorageConfig& config,
                                    const arrow::Schema& columns, const std::string& where);

// The table with these columns added and widened.
Result<TableDefinition> ChangedTable(const Snapshot& table, const arrow::FieldVector& added,
                                     const arrow::FieldVector& widened, const std::string& where);

// The table with other columns, in which no old row remains: same id, properties and partitioning.
Result<TableDefinition> TableWithOtherColumns(const Snapshot& table, const arrow::Schema& columns,
                                              const std::string& where);

// delta.dataSkippingStatsColumns, where _amp_batch_id would get no statistics from other writers:
// they keep those of the first 32 leaf columns (delta.dataSkippingNumIndexedCols), which then are
// named with it, as far as their types may be. nullopt: nothing needs to be said.
std::optional<std::string> StatsColumnsFor(const arrow::Schema& schema,
                                           const std::vector<std::string>& partition_columns,
                                           const TextMap& configuration);

}  // namespace ampload::deltalake
