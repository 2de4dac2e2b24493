#include "source/file/batch_size.h"

#include <arrow/array.h>
#include <arrow/util/byte_size.h>

#include <algorithm>

namespace ampload::source {
namespace {

constexpr int64_t kFirstRows = 1024;
constexpr int64_t kMostRows = 128 << 10;

}  // namespace

int64_t BytesOf(const arrow::RecordBatch& batch) {
  int64_t bytes = 0;
  for (const auto& column : batch.columns()) {
    if (column->type_id() == arrow::Type::DICTIONARY) {
      const auto& type = static_cast<const arrow::DictionaryType&>(*column->type());
      bytes += column->length() * type.index_type()->byte_width();
      continue;
    }
    const auto referenced = arrow::util::ReferencedBufferSize(*column);
    bytes += referenced.ok() ? *referenced : arrow::util::TotalBufferSize(*column);
  }
  return bytes;
}

BatchSize::BatchSize(int64_t batch_bytes, int64_t row_bytes)
    : batch_bytes_(batch_bytes),
      rows_(std::clamp<int64_t>(batch_bytes / std::max<int64_t>(row_bytes, 1), 1, kFirstRows)) {}

void BatchSize::Measured(int64_t rows, int64_t bytes) {
  if (rows <= 0) return;
  const double row_bytes =
      static_cast<double>(std::max<int64_t>(bytes, 1)) / static_cast<double>(rows);
  const double fits = static_cast<double>(batch_bytes_) / row_bytes;
  const double most = static_cast<double>(std::min(rows_ * 4, kMostRows));
  rows_ = std::max<int64_t>(1, static_cast<int64_t>(std::min(fits, most)));
}

std::vector<std::shared_ptr<arrow::RecordBatch>> Cut(
    const std::shared_ptr<arrow::RecordBatch>& batch, int64_t batch_bytes) {
  const int64_t bytes = BytesOf(*batch);
  const bool fits = bytes <= 2 * batch_bytes || batch->num_rows() <= 1;
  if (fits && batch->num_rows() <= kMostRows) return {batch};
  const int64_t pieces =
      fits ? 1 : std::min(batch->num_rows(), (bytes + batch_bytes - 1) / batch_bytes);
  const int64_t rows = std::min(kMostRows, (batch->num_rows() + pieces - 1) / pieces);
  std::vector<std::shared_ptr<arrow::RecordBatch>> out;
  for (int64_t start = 0; start < batch->num_rows(); start += rows) {
    out.push_back(batch->Slice(start, rows));
  }
  return out;
}

}  // namespace ampload::source
