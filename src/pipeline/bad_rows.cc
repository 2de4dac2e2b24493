#include "pipeline/bad_rows.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>

#include <utility>

namespace ampload::pipeline {

// Concatenation copies every Arrow type, views, run ends and dictionaries included.
Result<std::shared_ptr<arrow::RecordBatch>> OnlyRow(
    const std::shared_ptr<arrow::RecordBatch>& batch, int64_t row) {
  arrow::ArrayVector columns;
  for (const auto& column : batch->columns()) {
    ARROW_ASSIGN_OR_RAISE(auto copy,
                          arrow::Concatenate({column->Slice(row, 1), column->Slice(row + 1, 0)}));
    columns.push_back(std::move(copy));
  }
  return arrow::RecordBatch::Make(batch->schema(), 1, std::move(columns));
}

}  // namespace ampload::pipeline
