// What the user wants changed about the columns on their way: left out, cast, renamed.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ampload/status.h"

namespace ampload::pipeline {

// All names are the source's, also where a column is renamed.
struct ShapeOptions {
  std::vector<std::string> exclude;
  std::map<std::string, std::shared_ptr<arrow::DataType>> casts;
  std::map<std::string, std::string> renames;
  std::vector<std::string> allow;  // losses that casts may bring
};

// A value; copies share the schema. Safe from any thread.
class RowShape {
 public:
  RowShape() = default;  // leaves rows as they are

  // A configuration error: an unknown column (nearest right name), a cast that is not offered, a
  // name that two columns would have, no column left.
  static Result<RowShape> Make(const std::shared_ptr<arrow::Schema>& source,
                               const ShapeOptions& options);

  bool is_identity() const { return schema_ == nullptr; }
  // The columns after it; null where is_identity().
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  // A value that a cast would change is a BadRowError that names the column.
  Result<std::shared_ptr<arrow::RecordBatch>> Apply(
      const std::shared_ptr<arrow::RecordBatch>& batch) const;

 private:
  std::vector<int> kept_;  // indices of the source's columns
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::string> allow_;
};

}  // namespace ampload::pipeline
