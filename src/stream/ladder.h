// The batches that may still be undone, as commits add to them. Pure; safe from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ampload/checkpoint.h"
#include "ampload/status.h"
#include "ampload/stream_source.h"

namespace ampload::stream {

// Where a stream goes on behind this ladder: the end of each network's newest batch.
StreamCursor CursorAt(const std::vector<LadderEntry>& ladder);

// The checkpoint once these batches, oldest first, are committed behind its own: longer ladder,
// more rows, `source_position` behind them, `highest_end` and `last_batch_id` never lowered. What
// became final leaves the ladder, but for each network's anchor.
Checkpoint WithBatches(Checkpoint checkpoint, const std::vector<LadderEntry>& batches,
                       int64_t retention_blocks);

// Fails (permanent) where no stream can have left such a ladder: an entry without ranges, a range
// that ends before it starts or has no hash, a place that is not the ladder's end.
Status CheckLadder(const Checkpoint& checkpoint);

// The entries that must be kept: those that are not final, and for each network the newest final
// one that carries it.
std::vector<LadderEntry> TrimLadder(const std::vector<LadderEntry>& ladder,
                                    const std::map<std::string, BlockNumber>& highest_end,
                                    int64_t retention_blocks);

}  // namespace ampload::stream
