// What a load would do to one table, found out without writing.
#pragma once

#include <arrow/record_batch.h>

#include "ampload/table.h"
#include "ampload/type_plan.h"
#include "loaders/postgresql/connection.h"
#include "loaders/postgresql/names.h"
#include "loaders/postgresql/postgresql_config.h"

namespace ampload::postgresql {

// A column that cannot be stored is a line of the plan. A failure: the rows cannot go into the
// table at all. `sample` may be null.
Result<TablePlan> PlanLoad(Connection& connection, const PostgreSQLConfig& config,
                           const TableName& name, const TableSpec& spec,
                           const arrow::RecordBatch* sample, const CallContext& context);

}  // namespace ampload::postgresql
