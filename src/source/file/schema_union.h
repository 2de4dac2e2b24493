// Several files, one schema: do they agree, and what do they agree on?
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"

namespace ampload::source {

struct FileSchema {
  std::string path;
  std::shared_ptr<arrow::Schema> schema;
};

// Names, order and types must agree. A column that may be null in one file may be null in the
// union, at every depth; metadata is dropped. A data error names a column that a file has twice, or
// lists column by column how the first file that differs does (missing, extra, order, type).
Result<std::shared_ptr<arrow::Schema>> UniteSchemas(std::span<const FileSchema> files);

// What the error is made of, for others who unite schemas. The columns of `file` that stand at
// another place than in `united`, which has the same ones; `first` is the first file's path.
std::vector<std::string> OrderDifferences(const arrow::Schema& united, const std::string& first,
                                          const FileSchema& file);

// A data error: the files have different `in_what` ("columns"), and the first 20 differences.
Status FilesDiffer(std::string_view in_what, std::span<const std::string> differences);

// The same values under the union's fields. `schema` has the batch's columns in the batch's order,
// with types that differ in nullability and inner field names alone. Copies no values.
Result<std::shared_ptr<arrow::RecordBatch>> Relabel(
    const std::shared_ptr<arrow::RecordBatch>& batch, const std::shared_ptr<arrow::Schema>& schema);

}  // namespace ampload::source
