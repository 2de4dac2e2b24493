// What a destination remembers of a pipeline. It lives in the destination and moves with the rows,
// in one atomic step; there is no second store that could disagree. Keyed by table and pipeline.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ampload/batch_id.h"
#include "ampload/block_range.h"

namespace ampload {

// Grows by one at every take-over of a pipeline's fence.
struct Epoch {
  int64_t value = 0;
  friend constexpr auto operator<=>(Epoch, Epoch) = default;
};

// One committed batch that may still be undone.
struct LadderEntry {
  BatchId batch;
  int64_t rows = 0;
  std::vector<BlockRange> ranges;  // one a network
  friend bool operator==(const LadderEntry&, const LadderEntry&) = default;
};

struct Checkpoint {
  static constexpr int kVersion = 1;

  std::string table;
  std::string pipeline;

  // The fence: written by the session at take-over and at every commit, never by the engine.
  std::string owner;  // nonce of the session that holds the pipeline
  Epoch epoch;
  int64_t sequence = 0;  // commits of this pipeline, one more at each

  int64_t slot = 0;  // 0..32767, this pipeline's own in the table
  std::optional<BatchId> last_batch_id;

  std::string
      source_position;       // opaque JSON text, owned by the source; empty before the first commit
  std::string store_handle;  // opaque, owned by the loader: backend pid, client id, session id
  std::string table_identity;  // the table's own: oid, table uuid, metaData id
  std::string schema_fingerprint;
  std::string options_fingerprint;

  std::map<std::string, BlockNumber> highest_end;  // by network; never lowered
  int64_t retention_blocks =
      0;                   // of a stream: a block that far below highest_end is final; 0: none
  int64_t rows_total = 0;  // cumulative, undone rows taken off
  std::string checksum;    // reserved: order-free, over all rows

  std::vector<LadderEntry> ladder;  // oldest first

  // For people: what the pipeline's writer has open, so that the table's rows are not those of this
  // checkpoint. Ahead of a commit rows can be read early; behind one, rows that are gone can still
  // be read, or new ones not yet. Where that writer has died, the next take-over ends it. Said by
  // Loader::ReadCheckpoints, never stored; empty: nothing, as always in a store whose commit is the
  // only step that readers see.
  std::string unfinished = {};
};

}  // namespace ampload
