#include "stream/reorg_plan.h"

#include <algorithm>
#include <set>

#include "stream/ladder.h"

namespace ampload::stream {
namespace {

Status TooDeep(const Checkpoint& checkpoint, const Invalidation& lost, const LadderEntry& entry,
               int64_t retention_blocks) {
  const BlockRange& range = RangeOf(entry, lost.network);
  return PermanentError(
      "stream: the chain takes back more than can be undone: block " +
      std::to_string(range.end.value) + " of " + range.network +
      " is final here, nothing was changed; load into a new table, or begin this one again with "
      "--reset-pipeline and a larger --retention-blocks: table=" +
      checkpoint.table + " pipeline=" + checkpoint.pipeline + " network=" + lost.network +
      " from_block=" + std::to_string(lost.from.value) +
      " retention_blocks=" + std::to_string(retention_blocks));
}

// Does each range go on where its network was left?
bool Continues(const std::vector<BlockRange>& incoming, const StreamCursor& kept) {
  return std::all_of(incoming.begin(), incoming.end(), [&](const BlockRange& range) {
    const auto position = kept.find(range.network);
    return position != kept.end() && range.start.value == position->second.number.value + 1 &&
           range.prev_hash == position->second.hash;
  });
}

}  // namespace

Result<ReorgPlan> PlanReorg(const Checkpoint& checkpoint, const std::vector<LadderEntry>& waiting,
                            const std::vector<BlockRange>& incoming,
                            const std::vector<Invalidation>& lost, int64_t retention_blocks) {
  std::vector<LadderEntry> ladder = checkpoint.ladder;
  ladder.insert(ladder.end(), waiting.begin(), waiting.end());
  BatchIdSet gone;
  for (const auto& one : lost) gone.merge(UndoSet(ladder, one));

  ReorgPlan plan;
  std::set<std::string> touched;
  std::vector<LadderEntry> kept;
  for (size_t i = 0; i < ladder.size(); ++i) {
    const auto& entry = ladder[i];
    if (!gone.contains(entry.batch)) {
      kept.push_back(entry);
      continue;
    }
    for (const auto& range : entry.ranges) touched.insert(range.network);
    const bool committed = i < checkpoint.ladder.size();
    (committed ? plan.undo : plan.drop).insert(entry.batch);
  }
  const auto* final_one = NewestFinal(checkpoint, gone, retention_blocks);
  if (final_one != nullptr) return TooDeep(checkpoint, lost.front(), *final_one, retention_blocks);
  plan.reconnect = touched.size() > 1 || !Continues(incoming, CursorAt(kept));
  return plan;
}

}  // namespace ampload::stream
