#include "memory_source.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/type.h>

#include <numeric>
#include <utility>

namespace ampload::testing {
namespace {

// int64 values that the gauge sees from birth to death.
class GaugedBuffer : public arrow::Buffer {
 public:
  GaugedBuffer(std::unique_ptr<int64_t[]> values, int64_t count, std::shared_ptr<ByteGauge> gauge)
      : arrow::Buffer(reinterpret_cast<const uint8_t*>(values.get()), count * 8),
        values_(std::move(values)),
        gauge_(std::move(gauge)) {
    gauge_->Add(size());
  }
  ~GaugedBuffer() override { gauge_->Remove(size()); }

 private:
  std::unique_ptr<int64_t[]> values_;
  std::shared_ptr<ByteGauge> gauge_;
};

}  // namespace

void ByteGauge::Add(int64_t bytes) {
  const int64_t now = now_ += bytes;
  int64_t peak = peak_;
  while (peak < now && !peak_.compare_exchange_weak(peak, now)) {
  }
}

MemorySource::MemorySource(MemorySourceScript script)
    : script_(std::move(script)), schema_(arrow::schema({arrow::field("n", arrow::int64())})) {}

SourceEstimate MemorySource::estimate() const {
  return {.rows = std::accumulate(script_.batch_rows.begin(), script_.batch_rows.end(), int64_t{0}),
          .bytes = std::nullopt};
}

Result<std::optional<SourceBatch>> MemorySource::Next(const CallContext& context) {
  if (script_.on_next) {
    ARROW_RETURN_NOT_OK(script_.on_next(static_cast<int64_t>(next_), context));
  }
  if (next_ == script_.batch_rows.size()) return std::optional<SourceBatch>();
  const int64_t rows = script_.batch_rows[next_++];
  auto values = std::make_unique<int64_t[]>(static_cast<size_t>(rows));
  std::iota(values.get(), values.get() + rows, next_row_);
  next_row_ += rows;
  auto buffer = std::make_shared<GaugedBuffer>(std::move(values), rows, script_.gauge);
  auto column = std::make_shared<arrow::Int64Array>(rows, std::move(buffer));
  SourceBatch batch;
  batch.batch = arrow::RecordBatch::Make(schema_, rows, {std::move(column)});
  batch.origin = "memory:" + std::to_string(next_ - 1);
  return std::optional<SourceBatch>(std::move(batch));
}

}  // namespace ampload::testing
