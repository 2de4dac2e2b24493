// The rows of a batch by the values of its partition columns.
#pragma once

#include <arrow/record_batch.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/status.h"

namespace ampload::lake {

using PartitionValues = std::vector<std::optional<std::string>>;

struct PartitionRows {
  PartitionValues values;  // one for each partition column
  std::shared_ptr<arrow::RecordBatch> rows;
};

using PartitionText =
    std::function<Result<std::optional<std::string>>(const arrow::Scalar& value, int column)>;

// Groups in the order of their first rows; in each, rows in the batch's order. `rows` have all
// columns but the partition columns, with `schema`. Where rows of a group lie together they are a
// slice of the batch, else copied. One pass over each partition column and one over the rows.
//
// `text` is asked once for each distinct value; its failure becomes a BadRowError of the value's
// first row. Different values of the same text fall into one group.
Result<std::vector<PartitionRows>> SplitByPartition(const arrow::RecordBatch& batch,
                                                    const std::vector<int>& partition_columns,
                                                    const PartitionText& text,
                                                    const std::shared_ptr<arrow::Schema>& schema);

}  // namespace ampload::lake
