// Many log rows out of few, for benchmarks: real rows stay real in size and shape, keys stay
// unique.
#pragma once

#include <arrow/table.h>

#include <cstdint>
#include <memory>
#include <string>

#include "ampload/status.h"

namespace ampload::conformance {

// Copy `copy` of a table of logs (columns block_num, block_hash, tx_hash and, where there,
// _block_num): its blocks follow those of copy - 1 without a gap, each with a block hash and
// transaction hashes of its own (sha256 of the original and the copy's number). Copy 0 is the
// original. All else is as it was. A data error where a column is missing or has another type, or
// block numbers descend.
Result<std::shared_ptr<arrow::RecordBatch>> CopyOfLogs(const arrow::RecordBatch& logs,
                                                       uint64_t copy);

// Writes the first `rows` rows of the endless row of copies of the logs in Parquet file `from` into
// Parquet file `to`. The logs are held in memory, their copies are not.
Status WriteScaledLogs(const std::string& from, int64_t rows, const std::string& to);

}  // namespace ampload::conformance
