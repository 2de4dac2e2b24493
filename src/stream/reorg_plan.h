// What to do about blocks that are no longer on the chain. Pure; safe from any thread.
//
//   committed [0..10] [11..20] [21..30]    waiting [31..40]    the next microbatch: 25..45
//   plan      undo [21..30], drop [31..40], and since 25 is not 21: reconnect behind 20
#pragma once

#include <cstdint>
#include <vector>

#include "ampload/checkpoint.h"
#include "ampload/status.h"
#include "ampload/stream_source.h"
#include "stream/undo_set.h"

namespace ampload::stream {

struct ReorgPlan {
  BatchIdSet undo;         // committed batches that go
  BatchIdSet drop;         // waiting ones that go
  bool reconnect = false;  // false: the microbatch that brought the news goes on where we are
};

// `checkpoint`: as committed, without what is to be undone already. `waiting`: whole batches that
// are not committed, oldest first. `incoming`: the ranges of the microbatch that brought `lost`.
//
// It may go on only where it continues, block and hash, what is kept of each of its networks, and
// one network at most was touched. Else a connection behind what is kept (CursorAt) brings the
// rest. Where nothing is kept, that is one without a cursor.
//
// Fails (permanent) where a final batch would have to go: names network, block and what to do.
Result<ReorgPlan> PlanReorg(const Checkpoint& checkpoint, const std::vector<LadderEntry>& waiting,
                            const std::vector<BlockRange>& incoming,
                            const std::vector<Invalidation>& lost, int64_t retention_blocks);

}  // namespace ampload::stream
