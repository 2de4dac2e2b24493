// What all files of a load are read by.
#pragma once

#include <arrow/compute/expression.h>
#include <arrow/type.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "source/file/column_selection.h"

namespace ampload::source {

// The columns of a load are the files' own, then those of the folders they lie in (key=value).
struct ScanPlan {
  std::shared_ptr<arrow::Schema> schema;  // all of them
  int file_columns = 0;                   // how many are in the files; the rest is the folders'
  ColumnSelection columns;                // of `schema`; at least one is the files' own
  std::optional<arrow::compute::Expression> filter;       // bound to schema
  std::optional<arrow::compute::Expression> read_filter;  // the same, bound to columns.read_schema

  // Of columns.read, those in the files, ascending: what a scan gives.
  std::span<const int> file_read() const;
  // The files' columns alone.
  std::shared_ptr<arrow::Schema> file_schema() const;
};

// `names` and `where` as the user wrote them; both may be empty. Configuration errors as those of
// SelectColumns and ParseWhere.
Result<ScanPlan> MakeScanPlan(std::shared_ptr<arrow::Schema> schema, int file_columns,
                              std::span<const std::string> names, const std::string& where);

}  // namespace ampload::source
