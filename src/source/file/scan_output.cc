#include "source/file/scan_output.h"

#include <arrow/array/util.h>

#include <utility>

#include "source/file/row_filter.h"
#include "source/file/schema_union.h"

namespace ampload::source {

Result<std::shared_ptr<arrow::RecordBatch>> MakeOutput(
    const std::shared_ptr<arrow::RecordBatch>& batch, const ScanPlan& plan,
    const std::vector<std::shared_ptr<arrow::Scalar>>& folder_values, arrow::MemoryPool* pool) {
  const auto& columns = plan.columns;
  const auto& fields = columns.read_schema->fields();
  const auto from_file = static_cast<int>(plan.file_read().size());
  const auto file_schema = arrow::schema({fields.begin(), fields.begin() + from_file});
  ARROW_ASSIGN_OR_RAISE(const auto relabelled, Relabel(batch, file_schema));

  arrow::ArrayVector read = relabelled->columns();
  for (size_t i = read.size(); i < columns.read.size(); ++i) {
    const auto& value = folder_values[static_cast<size_t>(columns.read[i] - plan.file_columns)];
    ARROW_ASSIGN_OR_RAISE(auto constant,
                          arrow::MakeArrayFromScalar(*value, batch->num_rows(), pool));
    read.push_back(std::move(constant));
  }
  if (plan.read_filter.has_value()) {
    const auto whole =
        arrow::RecordBatch::Make(columns.read_schema, batch->num_rows(), std::move(read));
    return FilterRows(whole, *plan.read_filter, columns.output, columns.output_schema, pool);
  }
  arrow::ArrayVector output;
  output.reserve(columns.output.size());
  for (const int index : columns.output) output.push_back(read[static_cast<size_t>(index)]);
  return arrow::RecordBatch::Make(columns.output_schema, batch->num_rows(), std::move(output));
}

}  // namespace ampload::source
