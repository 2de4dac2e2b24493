#include "source/file/row_filter.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>

#include <vector>

namespace ampload::source {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// Arrow's filter has no kernel for some types (views): the runs of kept rows, put together.
Result<ArrayPtr> FilterByRuns(const ArrayPtr& column, const arrow::BooleanArray& mask,
                              arrow::MemoryPool* pool) {
  arrow::ArrayVector runs;
  for (int64_t i = 0; i < mask.length();) {
    const auto kept = [&mask](int64_t row) { return mask.IsValid(row) && mask.Value(row); };
    if (!kept(i)) {
      ++i;
      continue;
    }
    const int64_t start = i;
    while (i < mask.length() && kept(i)) ++i;
    runs.push_back(column->Slice(start, i - start));
  }
  return arrow::Concatenate(runs, pool);
}

Result<ArrayPtr> FilterColumn(const ArrayPtr& column, const arrow::BooleanArray& mask,
                              arrow::compute::ExecContext* context) {
  const auto options = arrow::compute::FilterOptions::Defaults();
  auto filtered = arrow::compute::CallFunction("array_filter", {column, arrow::Datum(mask.data())},
                                               &options, context);
  if (filtered.status().IsNotImplemented()) {
    return FilterByRuns(column, mask, context->memory_pool());
  }
  ARROW_RETURN_NOT_OK(filtered.status());
  return filtered->make_array();
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> FilterRows(
    const std::shared_ptr<arrow::RecordBatch>& batch, const arrow::compute::Expression& filter,
    std::span<const int> output, const std::shared_ptr<arrow::Schema>& output_schema,
    arrow::MemoryPool* pool) {
  arrow::compute::ExecContext context(pool);
  ARROW_ASSIGN_OR_RAISE(
      const arrow::Datum answer,
      arrow::compute::ExecuteScalarExpression(filter, arrow::compute::ExecBatch(*batch), &context));
  ArrayPtr answers;
  if (answer.is_scalar()) {
    ARROW_ASSIGN_OR_RAISE(answers,
                          arrow::MakeArrayFromScalar(*answer.scalar(), batch->num_rows(), pool));
  } else {
    answers = answer.make_array();
  }
  const auto& mask = static_cast<const arrow::BooleanArray&>(*answers);
  const int64_t rows = mask.true_count();

  arrow::ArrayVector columns;
  for (const int index : output) {
    ArrayPtr column = batch->column(index);
    if (rows == 0) {
      column = column->Slice(0, 0);
    } else if (rows < batch->num_rows()) {
      ARROW_ASSIGN_OR_RAISE(column, FilterColumn(column, mask, &context));
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(output_schema, rows, std::move(columns));
}

}  // namespace ampload::source
