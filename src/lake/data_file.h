// What a table format keeps about a written data file.
#pragma once

#include <arrow/scalar.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ampload::lake {

// A column, or a field within struct columns: never within a list or a map.
struct ColumnStats {
  std::vector<std::string> path;  // names from the top: {"a", "b"}
  int64_t null_count = 0;         // rows in which it, or a struct around it, is null
  // The least and the greatest value that is there, exact, of the column's Arrow type. Null where
  // there is none or it is not known: all rows are null; a list, a map or binary; a float column
  // that has a NaN; a string longer than Parquet's writer keeps.
  std::shared_ptr<arrow::Scalar> min;
  std::shared_ptr<arrow::Scalar> max;
};

struct DataFile {
  std::string path;  // as ObjectStore has it
  // One for each partition column, as the caller's function gave it; nullopt: null.
  std::vector<std::optional<std::string>> partition;
  int64_t rows = 0;
  int64_t bytes = 0;
  int64_t modified_ms = 0;
  std::vector<ColumnStats> stats;  // every top-level column and every field of its structs, in the
                                   // schema's order; not the partition columns
  std::vector<int64_t> row_group_offsets;  // in bytes, of each row group's first page
};

}  // namespace ampload::lake
