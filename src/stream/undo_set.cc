#include "stream/undo_set.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace ampload::stream {
namespace {

bool IsFinal(const BlockRange& range, const std::map<std::string, BlockNumber>& highest_end,
             int64_t retention_blocks) {
  const auto highest = highest_end.find(range.network);
  const auto retention = static_cast<uint64_t>(std::max<int64_t>(retention_blocks, 0));
  return highest != highest_end.end() && highest->second.value >= retention &&
         range.end.value <= highest->second.value - retention;
}

Status AtTheAnchor(const Checkpoint& checkpoint, const Invalidation& lost, const LadderEntry& entry,
                   int64_t retention_blocks) {
  // The network that was asked for, where the batch carries it; else the first that it carries.
  const auto same = std::find_if(entry.ranges.begin(), entry.ranges.end(),
                                 [&](const auto& range) { return range.network == lost.network; });
  const BlockRange& range = same != entry.ranges.end() ? *same : entry.ranges.front();
  return PermanentError(
      "undo: block " + std::to_string(range.end.value) + " of " + range.network +
      " is final and cannot be taken back; take back from a higher block, or load the table anew: "
      "table=" +
      checkpoint.table + " pipeline=" + checkpoint.pipeline + " network=" + lost.network +
      " from_block=" + std::to_string(lost.from.value) +
      " retention_blocks=" + std::to_string(retention_blocks));
}

}  // namespace

bool IsFinal(const LadderEntry& entry, const std::map<std::string, BlockNumber>& highest_end,
             int64_t retention_blocks) {
  return std::all_of(entry.ranges.begin(), entry.ranges.end(), [&](const BlockRange& range) {
    return IsFinal(range, highest_end, retention_blocks);
  });
}

BatchIdSet UndoSet(const std::vector<LadderEntry>& ladder, const Invalidation& lost) {
  std::map<std::string, BlockNumber> lost_from = {{lost.network, lost.from}};
  const auto is_hit = [&](const BlockRange& range) {
    const auto from = lost_from.find(range.network);
    return from != lost_from.end() && range.end >= from->second;
  };
  BatchIdSet undone;
  for (bool added = true; added;) {
    added = false;
    for (const auto& entry : ladder) {
      if (undone.contains(entry.batch) ||
          std::none_of(entry.ranges.begin(), entry.ranges.end(), is_hit)) {
        continue;
      }
      undone.insert(entry.batch);
      added = true;
      for (const auto& range : entry.ranges) {
        auto& from = lost_from.try_emplace(range.network, range.start).first->second;
        from = std::min(from, range.start);
      }
    }
  }
  return undone;
}

Result<BatchIdSet> FindUndoSet(const Checkpoint& checkpoint, const Invalidation& lost,
                               int64_t retention_blocks) {
  auto undone = UndoSet(checkpoint.ladder, lost);
  // From the newest down: the first final one is the block that the user may go to.
  for (auto entry = checkpoint.ladder.rbegin(); entry != checkpoint.ladder.rend(); ++entry) {
    if (undone.contains(entry->batch) &&
        IsFinal(*entry, checkpoint.highest_end, retention_blocks)) {
      return AtTheAnchor(checkpoint, lost, *entry, retention_blocks);
    }
  }
  return undone;
}

Checkpoint WithoutBatches(Checkpoint checkpoint, const BatchIdSet& batches) {
  std::erase_if(checkpoint.ladder, [&](const LadderEntry& entry) {
    const bool goes = batches.contains(entry.batch);
    if (goes) checkpoint.rows_total = std::max<int64_t>(0, checkpoint.rows_total - entry.rows);
    return goes;
  });
  checkpoint.source_position = CursorOf(checkpoint.ladder);
  return checkpoint;
}

std::string CursorOf(const std::vector<LadderEntry>& ladder) {
  std::map<std::string, const BlockRange*> newest;
  for (const auto& entry : ladder) {
    for (const auto& range : entry.ranges) newest[range.network] = &range;
  }
  auto cursor = nlohmann::ordered_json::object();
  for (const auto& [network, range] : newest) {
    cursor[network] = {{"number", range->end.value}, {"hash", range->hash}};
  }
  return cursor.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace ampload::stream
