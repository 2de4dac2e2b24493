#include "source/text/batch_rows.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include "base/arrow_compute.h"

namespace ampload::source {

Result<std::shared_ptr<arrow::RecordBatch>> BatchRows::Finish(
    const std::shared_ptr<arrow::Schema>& schema,
    const std::vector<std::shared_ptr<arrow::ArrayBuilder>>& builders, arrow::MemoryPool* pool) {
  std::vector<std::shared_ptr<arrow::Array>> columns(builders.size());
  for (size_t i = 0; i < builders.size(); ++i) {
    ARROW_RETURN_NOT_OK(builders[i]->Finish(&columns[i]));
  }
  auto batch = arrow::RecordBatch::Make(schema, count_, std::move(columns));
  const int64_t rows = count_;
  const auto dropped = std::move(dropped_);
  count_ = 0;
  dropped_.clear();
  if (dropped.empty()) return batch;

  ARROW_RETURN_NOT_OK(base::InitializeArrowCompute());
  arrow::BooleanBuilder keep(pool);
  ARROW_RETURN_NOT_OK(keep.Reserve(rows));
  size_t next = 0;
  for (int64_t row = 0; row < rows; ++row) {
    const bool drop = next < dropped.size() && dropped[next] == row;
    next += drop;
    keep.UnsafeAppend(!drop);
  }
  ARROW_ASSIGN_OR_RAISE(const auto mask, keep.Finish());
  arrow::compute::ExecContext context(pool);
  ARROW_ASSIGN_OR_RAISE(
      const auto kept,
      arrow::compute::Filter(batch, mask, arrow::compute::FilterOptions::Defaults(), &context));
  return kept.record_batch();
}

}  // namespace ampload::source
