// What a load would do to one Delta table, found out without writing.
#pragma once

#include <arrow/record_batch.h>

#include <string>

#include "ampload/table.h"
#include "ampload/type_plan.h"
#include "loaders/deltalake/deltalake_config.h"
#include "loaders/deltalake/snapshot.h"

namespace ampload::deltalake {

// A column that cannot be stored is a line of the plan. A failure: the rows cannot go into the
// table at all. `table`: null where it is to be made; `files`: its
// files, or null; `place`: the table's folder, for people.
// `sample` may be null; a row's size is measured on it as Parquet, in memory.
Result<TablePlan> PlanLoad(const DeltaLakeStorageConfig& config, const TableSpec& spec,
                           const Snapshot* table, const TableFiles* files, const std::string& place,
                           const arrow::RecordBatch* sample);

}  // namespace ampload::deltalake
