// A data file's columns as the table's columns have them: found by name or by id, at every depth.
// Pure.
#pragma once

#include <arrow/array.h>
#include <arrow/type.h>

#include <memory>
#include <string>

#include "ampload/status.h"
#include "loaders/deltalake/table_schema.h"

namespace ampload::deltalake {

// The index of the table's column among fields of a file; -1: it is not there. `physical` is the
// column as PhysicalSchema names it. A permanent failure where the table goes by ids and the file
// has none.
Result<int> FindField(const arrow::FieldVector& in_file, const arrow::Field& physical,
                      ColumnMapping mapping);

// The values as `type`, whose fields are named as in `physical`: fields that the file lacks are
// null, narrower types are widened. A permanent failure for a type that cannot be the column's.
Result<std::shared_ptr<arrow::Array>> AsColumn(const std::shared_ptr<arrow::Array>& values,
                                               const arrow::DataType& file_type,
                                               const std::shared_ptr<arrow::DataType>& physical,
                                               const std::shared_ptr<arrow::DataType>& type,
                                               ColumnMapping mapping);

}  // namespace ampload::deltalake
