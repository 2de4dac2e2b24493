#include "pipeline/arrow_bytes.h"

#include <arrow/util/byte_size.h>

namespace ampload::pipeline {

int64_t ArrowBytes(const arrow::RecordBatch& batch) {
  const auto referenced = arrow::util::ReferencedBufferSize(batch);
  return referenced.ok() ? *referenced : arrow::util::TotalBufferSize(batch);
}

}  // namespace ampload::pipeline
