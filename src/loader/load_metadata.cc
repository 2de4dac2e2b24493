#include "loader/load_metadata.h"

#include <string>

namespace ampload {

Metadata LoadBatchMetadata(int64_t rows, int schema_fields, double seconds) {
  return {{"operation", std::string("load_batch")},
          {"batch_size", rows},
          {"schema_fields", int64_t{schema_fields}},
          {"throughput_rows_per_sec", RatePerSecond(rows, seconds)}};
}

Metadata LoadTableMetadata(int64_t rows, int schema_fields, int64_t batches, int64_t bytes,
                           double seconds) {
  constexpr double kMebibyte = 1024.0 * 1024.0;
  const double average =
      batches > 0 ? RoundTo2(static_cast<double>(rows) / static_cast<double>(batches)) : 0;
  return {{"operation", std::string("load_table")},
          {"batch_count", batches},
          {"batches_processed", batches},
          {"total_rows", rows},
          {"schema_fields", int64_t{schema_fields}},
          {"avg_batch_size", average},
          {"table_size_mb", RoundTo2(static_cast<double>(bytes) / kMebibyte)},
          {"throughput_rows_per_sec", RatePerSecond(rows, seconds)}};
}

}  // namespace ampload
