// Which committed batches go when a chain takes blocks back. Pure; safe from any thread.
//
//   ladder     1: A 0..9    2: A 10..19, B 5..8    3: B 9..12    4: A 20..29
//   A from 15  2 goes, as it has block 15; 4 too. 2 carries B from 5, so 3 goes with it
//
// A batch goes whole. A batch that goes and carries a network from block s takes with it each batch
// with a block of that network from s on, until none is added.
//
// A range is final where its end is at least `retention_blocks` below the highest end ever
// committed of its network; a batch where all its ranges are. The newest final batch that carries a
// network is the network's anchor: it stays, so that there is always a place to go on from.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ampload/batch_id.h"
#include "ampload/checkpoint.h"
#include "ampload/status.h"

namespace ampload::stream {

inline constexpr int64_t kDefaultRetentionBlocks = 128;

// The blocks of `network` from this one on are no longer on the chain.
struct Invalidation {
  std::string network;
  BlockNumber from;
};

bool IsFinal(const LadderEntry& entry, const std::map<std::string, BlockNumber>& highest_end,
             int64_t retention_blocks);

// The newest of these batches that is final; null: none is. So is a network's last place where rows
// lie below the ladder: with a larger retention than theirs was it would not be, and the stream
// would bring those rows again.
const LadderEntry* NewestFinal(const Checkpoint& checkpoint, const BatchIdSet& batches,
                               int64_t retention_blocks);

// The batch's range of that network, where it carries it; else its first. It has one.
const BlockRange& RangeOf(const LadderEntry& entry, const std::string& network);

// The batches that go, final ones included. Empty where none has such a block.
BatchIdSet UndoSet(const std::vector<LadderEntry>& ladder, const Invalidation& lost);

// The same for a checkpoint. Fails (permanent) where a final batch would have to go: names its
// network and its last block, the lowest that can be kept.
Result<BatchIdSet> FindUndoSet(const Checkpoint& checkpoint, const Invalidation& lost,
                               int64_t retention_blocks = kDefaultRetentionBlocks);

// The checkpoint that remains: a shorter ladder, fewer rows, and `source_position` at the end of
// each network's newest kept batch. Batch ids and highest ends never go back.
Checkpoint WithoutBatches(Checkpoint checkpoint, const BatchIdSet& batches);

// {"<network>":{"number":N,"hash":"0x.."}}: where a stream goes on behind this ladder, of each
// network that it carries.
std::string CursorOf(const std::vector<LadderEntry>& ladder);

}  // namespace ampload::stream
