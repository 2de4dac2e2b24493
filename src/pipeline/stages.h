// The three overlapping stages of a load: read, encode, stage. Nothing here commits.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "ampload/call_context.h"
#include "ampload/source.h"
#include "ampload/write_session.h"
#include "pipeline/load.h"

namespace ampload::pipeline {

// What went through. All may be read from any thread.
struct StageCounts {
  std::atomic<int64_t> batches_read = 0;  // batches without rows are not counted
  std::atomic<int64_t> rows_read = 0;
  std::atomic<int64_t> bytes_read = 0;  // Arrow memory
  std::atomic<int64_t> batches_staged = 0;
  std::atomic<int64_t> rows_staged = 0;
  std::atomic<int64_t> bytes_staged = 0;
  std::atomic<int64_t> rows_bad = 0;  // set aside; a record that never became a row is one
  bool has_encoder = false;           // bytes_staged are encoded bytes
};

// Moves every row of `source` into `session`, which has recovered. OK: all rows are staged, in
// order. Else the first failure or stop request of any stage, never one that only followed from it;
// all threads have ended, and the caller aborts the session. An exception in a stage is a permanent
// failure.
//
// A row that cannot be shaped, encoded or taken by the store goes to the request's sink, where
// there is one, and the others go on.
//
// At most queue_bytes wait in each queue (an encoded batch counts with its Arrow memory), and each
// stage holds one batch more.
Status RunStages(Source& source, WriteSession& session, const LoadRequest& request,
                 std::chrono::steady_clock::time_point started, const CallContext& context,
                 StageCounts& counts);

// What an exception at hand means: a permanent failure "`where`: out of memory" or its own text.
// Call inside of a catch block.
Status CaughtFailure(std::string_view where);

}  // namespace ampload::pipeline
