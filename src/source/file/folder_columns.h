// Columns that stand in the names of folders: year=2024/chain=eth/x.parquet.
#pragma once

#include <arrow/compute/expression.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "source/input/found_input.h"

namespace ampload::source {

using TypesByColumn = std::map<std::string, std::shared_ptr<arrow::DataType>>;

struct FolderColumns {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::vector<std::shared_ptr<arrow::Scalar>>> values;  // one row a file
};

// The keys are columns where every file below a given folder (or below a glob's fixed part) has the
// same ones in the same order. Files that were given themselves have none.
//
// A column is int64 where each of its values is an integer as int64 prints it, else a string, or
// what `types` says; __HIVE_DEFAULT_PARTITION__ is null. Keys and values are percent-decoded.
//
// Configuration errors: files or given paths that differ in their keys, a key twice in one path, a
// value that is no UTF-8 or not of its type; each says --no-hive.
Result<FolderColumns> ReadFolderColumns(std::span<const FoundInput> files,
                                        const TypesByColumn& types);

// Whether the filter (bound to a schema that has the fields) can keep a row of a file with these
// values.
Result<bool> MayPass(const arrow::compute::Expression& filter, const arrow::Schema& schema,
                     std::span<const std::shared_ptr<arrow::Field>> fields,
                     std::span<const std::shared_ptr<arrow::Scalar>> values);

}  // namespace ampload::source
