// What a load would do to one table, found out without writing.
#pragma once

#include <arrow/record_batch.h>

#include "ampload/table.h"
#include "ampload/type_plan.h"
#include "loaders/redis/connection.h"
#include "loaders/redis/redis_config.h"

namespace ampload::redis {

// See Loader::PlanTable.
Result<TablePlan> PlanLoad(Connection& connection, const RedisConfig& config, const TableSpec& spec,
                           const arrow::RecordBatch* sample, const CallContext& context);

}  // namespace ampload::redis
