// A source for tests: int64 column `n` with the rows 0, 1, 2 ..., and a gauge of the bytes that are
// alive.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ampload/source.h"

namespace ampload::testing {

// How many bytes are alive now, and at most. Safe from any thread.
class ByteGauge {
 public:
  void Add(int64_t bytes);
  void Remove(int64_t bytes) { now_ -= bytes; }
  int64_t now() const { return now_; }
  int64_t peak() const { return peak_; }

 private:
  std::atomic<int64_t> now_ = 0;
  std::atomic<int64_t> peak_ = 0;
};

struct MemorySourceScript {
  std::vector<int64_t> batch_rows = {};  // rows of each batch, in order
  // Before batch number `index` (from 0; also before the end, with index = number of batches). It
  // may fail, throw, or wait for something.
  std::function<Status(int64_t index, const CallContext& context)> on_next = {};
  std::shared_ptr<ByteGauge> gauge = std::make_shared<ByteGauge>();
};

class MemorySource : public Source {
 public:
  explicit MemorySource(MemorySourceScript script);

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  SourceEstimate estimate() const override;
  Result<std::optional<SourceBatch>> Next(const CallContext& context) override;

 private:
  MemorySourceScript script_;
  std::shared_ptr<arrow::Schema> schema_;
  size_t next_ = 0;
  int64_t next_row_ = 0;
};

}  // namespace ampload::testing
