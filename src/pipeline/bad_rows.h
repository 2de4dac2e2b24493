// Rows that a load sets aside: and who takes them.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <string>

#include "ampload/status.h"

namespace ampload::pipeline {

struct BadRow {
  std::shared_ptr<arrow::RecordBatch> row;  // one row of the source's, or null: it never became one
  std::string raw;                          // then its text
  std::string origin;                       // the file
  int64_t ordinal = -1;                     // in the load, from 0; -1: it never became a row
  std::string reason;
};

// Takes bad rows from any thread.
class BadRowSink {
 public:
  virtual ~BadRowSink() = default;
  // A data error where there are too many: the load fails with it.
  virtual Status Add(BadRow row) = 0;
  // "Failed to load any rows. Errors: " and the first five, for a load that has no other rows.
  virtual std::string Reasons() const = 0;
};

// One row as a batch that keeps no other row's memory.
Result<std::shared_ptr<arrow::RecordBatch>> OnlyRow(
    const std::shared_ptr<arrow::RecordBatch>& batch, int64_t row);

}  // namespace ampload::pipeline
