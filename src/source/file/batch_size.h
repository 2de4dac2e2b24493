// How many rows to read at once so that a batch takes about so many bytes.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace ampload::source {

// The bytes of Arrow memory that the batch refers to; for a slice, those of its rows. Dictionaries
// are left out: batches share them, and fewer rows would not make them smaller.
int64_t BytesOf(const arrow::RecordBatch& batch);

// Starts small, then follows what the last read took. A read grows at most fourfold and never past
// 131,072 rows, so that rows which suddenly get larger cannot take much more than was asked for.
class BatchSize {
 public:
  // Rows are guessed to take `row_bytes` at first (from the footer; 0: unknown).
  BatchSize(int64_t batch_bytes, int64_t row_bytes);

  int64_t rows() const { return rows_; }
  void Measured(int64_t rows, int64_t bytes);

 private:
  int64_t batch_bytes_;
  int64_t rows_;
};

// The batch itself, or slices of it in order where it takes more than twice `batch_bytes` or has
// more rows than a read ever asks for.
std::vector<std::shared_ptr<arrow::RecordBatch>> Cut(
    const std::shared_ptr<arrow::RecordBatch>& batch, int64_t batch_bytes);

}  // namespace ampload::source
