// The metadata that every LoadResult carries, whatever the loader.
#pragma once

#include <cstdint>

#include "ampload/load_result.h"

namespace ampload {

// operation, batch_size, schema_fields, throughput_rows_per_sec. Pure.
Metadata LoadBatchMetadata(int64_t rows, int schema_fields, double seconds);

// operation, batch_count, batches_processed, total_rows, schema_fields, avg_batch_size,
// table_size_mb (of `bytes` in Arrow memory), throughput_rows_per_sec. Pure.
Metadata LoadTableMetadata(int64_t rows, int schema_fields, int64_t batches, int64_t bytes,
                           double seconds);

}  // namespace ampload
