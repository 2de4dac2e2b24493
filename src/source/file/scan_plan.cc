#include "source/file/scan_plan.h"

#include <algorithm>
#include <utility>

#include "source/file/where_clause.h"

namespace ampload::source {

std::span<const int> ScanPlan::file_read() const {
  const auto end = std::lower_bound(columns.read.begin(), columns.read.end(), file_columns);
  return {columns.read.begin(), end};
}

std::shared_ptr<arrow::Schema> ScanPlan::file_schema() const {
  const auto& fields = schema->fields();
  return arrow::schema({fields.begin(), fields.begin() + file_columns});
}

Result<ScanPlan> MakeScanPlan(std::shared_ptr<arrow::Schema> schema, int file_columns,
                              std::span<const std::string> names, const std::string& where) {
  ScanPlan plan;
  plan.schema = std::move(schema);
  plan.file_columns = file_columns;
  if (!where.empty()) {
    ARROW_ASSIGN_OR_RAISE(plan.filter, ParseWhere(where, *plan.schema));
  }
  const auto* filter = plan.filter.has_value() ? &*plan.filter : nullptr;
  ARROW_ASSIGN_OR_RAISE(plan.columns, SelectColumns(plan.schema, names, filter, file_columns));
  if (plan.filter.has_value()) {
    ARROW_ASSIGN_OR_RAISE(plan.read_filter, plan.filter->Bind(*plan.columns.read_schema));
  }
  return plan;
}

}  // namespace ampload::source
