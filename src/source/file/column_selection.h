// Which columns are read and which of them are given on.
#pragma once

#include <arrow/compute/expression.h>
#include <arrow/type.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ampload/status.h"

namespace ampload::source {

struct ColumnSelection {
  std::vector<int> read;                         // of the load's columns, ascending
  std::shared_ptr<arrow::Schema> read_schema;    // those
  std::vector<int> output;                       // positions in `read`, in the order asked for
  std::shared_ptr<arrow::Schema> output_schema;  // those
};

// `names` in their order, all columns where it is empty; the filter's columns are read beside them,
// and always one of the first `file_columns`, for rows to be counted by. Configuration error: an
// unknown column (with the nearest name), one named twice.
Result<ColumnSelection> SelectColumns(const std::shared_ptr<arrow::Schema>& schema,
                                      std::span<const std::string> names,
                                      const arrow::compute::Expression* filter, int file_columns);

// "unknown column" with the nearest name and the path to the right one.
Status UnknownColumn(const std::string& name, const arrow::Schema& schema);

}  // namespace ampload::source
