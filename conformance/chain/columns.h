// Blocks as the columns that an Amp server sends.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <string>

#include "ampload/status.h"
#include "conformance/chain/block.h"

namespace ampload::conformance {

// The digits of a 256-bit number, without leading zeros.
std::string DigitsOf(const Word& word);

// Collects blocks into one batch a table, in the order in which they are appended. Used from one
// thread at a time.
class ChainColumns {
 public:
  struct Batches {
    std::shared_ptr<arrow::RecordBatch> blocks;
    std::shared_ptr<arrow::RecordBatch> transactions;
    std::shared_ptr<arrow::RecordBatch> logs;
  };

  static Result<std::unique_ptr<ChainColumns>> Make();
  ~ChainColumns();

  // After a failure the object is done.
  Status Append(const Block& block);

  // Rows appended to the longest table since the last Finish.
  int64_t most_rows() const;

  // What was appended since the last Finish; starts afresh.
  Result<Batches> Finish();

 private:
  struct Builders;
  explicit ChainColumns(std::unique_ptr<Builders> builders);
  std::unique_ptr<Builders> builders_;
};

}  // namespace ampload::conformance
