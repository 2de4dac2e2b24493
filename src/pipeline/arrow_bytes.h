// What rows on their way cost in memory.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>

namespace ampload::pipeline {

// What a batch costs beside its buffers; also bounds the number of batches that have next to none.
inline constexpr int64_t kBatchOverhead = 1024;

// The bytes of the buffers that the batch refers to, as far as it refers to them.
int64_t ArrowBytes(const arrow::RecordBatch& batch);

}  // namespace ampload::pipeline
