// Is a batch that somebody else wrote safe to read?
#pragma once

#include <arrow/record_batch.h>
#include <arrow/status.h>

namespace ampload::source {

// Everything that Arrow asks of a batch (offsets, lengths, indices, precisions), except that
// strings are UTF-8: that is a matter of single rows, which the encoders judge.
arrow::Status CheckValues(const arrow::RecordBatch& batch);

}  // namespace ampload::source
