// Which row groups can hold a row that a filter keeps, by the statistics in the footer.
#pragma once

#include <arrow/compute/expression.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>

#include <vector>

#include "ampload/status.h"

namespace ampload::source {

// Row groups, ascending; one is left out only where its statistics prove that no row passes.
// `filter` is bound to `schema`, whose first `file_columns` are the file's top-level columns in
// order. Statistics of floating columns prove nothing (they leave NaN out, which != keeps), nor do
// those of dictionary, extension and nested columns. Throws nothing but what the Parquet library
// does.
Result<std::vector<int>> RowGroupsThatMayPass(const parquet::arrow::FileReader& reader,
                                              const arrow::compute::Expression& filter,
                                              const arrow::Schema& schema, int file_columns);

}  // namespace ampload::source
