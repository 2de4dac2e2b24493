// The scores of a sorted set's rows.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <string>

#include "ampload/status.h"
#include "loaders/redis/row_form.h"

namespace ampload::redis {

// Redis keeps a score as a double: integers, floats and decimals as they are; dates, times,
// timestamps and durations as the integer that Arrow has for them, in the column's unit. Immutable.
class Scores {
 public:
  // A configuration error for a column that the rows lack, or that is no number.
  static Result<std::unique_ptr<Scores>> Make(const RowForm& form);

  // As texts, from which a reader gets the same double. A bad row for a null, a NaN, and a number
  // that no double is equal to.
  Result<Texts> Encode(const arrow::RecordBatch& batch, int64_t first_row) const;

 private:
  std::string table_;
  std::string column_;
  int place_ = 0;
  std::shared_ptr<arrow::DataType> type_;  // plain
};

}  // namespace ampload::redis
