// One stream into one table, for ever: rows that the chain takes back go, and every row is there
// exactly once, whenever the process dies.
//
//   source ─▶ reader: rules, lineage, encode ─▶ held: whole batches ─▶ Undo, Stage, Commit ─▶ store
//     ▲                                                                        │
//     └──────────── cursor: where the checkpoint says, of what is kept ────────┘
//
// What is committed is decided by the store's checkpoint alone. Whatever goes wrong, the stream
// goes on from there: with a new connection, where the source failed; with what the store says,
// where the store did.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "ampload/block_range.h"
#include "ampload/call_context.h"
#include "ampload/load_result.h"
#include "ampload/loader.h"
#include "ampload/stream_source.h"
#include "ampload/table.h"
#include "base/backoff.h"
#include "pipeline/row_shape.h"
#include "stream/undo_set.h"

namespace ampload::pipeline {

// A commit is due as soon as one of these is reached. Batches are never split over commits.
struct CommitCadence {
  int64_t rows = 100'000;
  int64_t bytes = int64_t{32} << 20;                   // in memory
  std::chrono::milliseconds interval{1000};            // since the first row, or undo, that waits
  std::chrono::milliseconds idle_checkpoint{600'000};  // the same where only empty ranges wait
};

// What a progress line shows. Of this run.
struct StreamProgress {
  int64_t rows_committed = 0;
  int64_t rows_undone = 0;
  int64_t batches = 0;
  int64_t commits = 0;
  int64_t reorgs = 0;
  int64_t reconnects = 0;
  std::map<std::string, BlockNumber> committed_to;  // by network
  double seconds = 0;
};

struct StreamRequest {
  static constexpr int64_t kSmallestMemory = int64_t{32} << 20;

  TableSpec table;    // with a pipeline; `schema` and `streaming` are filled here
  std::string query;  // a pipeline that began with another one is refused
  ShapeOptions shape;
  bool block_ranges = false;                                   // rows carry `_amp_block_ranges`
  int64_t retention_blocks = stream::kDefaultRetentionBlocks;  // at least 1
  CommitCadence cadence;
  std::optional<BlockNumber> until;  // ends once every network has this block
  int64_t queue_bytes = 32 << 20;    // messages on their way, for each of two queues
  int64_t hold_bytes = 64 << 20;     // batches that wait for their commit; a larger one is staged
                                     // before it is whole
  base::BackoffLimits backoff;
  // How long failures that may pass are tried again, without any success between; none: for ever.
  std::optional<std::chrono::milliseconds> retry_for;
  std::function<void(const StreamProgress&)> on_progress;  // at most every 100 ms; may be null
  std::function<void(const Checkpoint&)> on_commit;        // once a commit took effect; may be null
};

// How the stream ended. A stop request and `until` are a success: what was whole is committed.
struct StreamOutcome {
  LoadResult result;
  Status status;
  bool fenced = false;   // another writer took over: exit status 4
  bool stopped = false;  // by a stop request
  StreamProgress progress;
};

// Shares `memory` out: queues, batches that wait, the store's staging. A configuration error where
// it is too small.
Status ShareMemory(int64_t memory, StreamRequest* request);

// `loader` is connected. Blocks; returns at `until`, at a stop request, where another writer took
// over, and at a failure that does not pass by itself. At each return the table is what its
// checkpoint says.
StreamOutcome RunStream(StreamSource& source, Loader& loader, const StreamRequest& request,
                        const CallContext& context);

}  // namespace ampload::pipeline
