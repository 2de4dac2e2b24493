#include "stream/undo_set.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "stream/ladder.h"

namespace ampload::stream {
namespace {

bool IsFinal(const BlockRange& range, const std::map<std::string, BlockNumber>& highest_end,
             int64_t retention_blocks) {
  const auto highest = highest_end.find(range.network);
  const auto retention = static_cast<uint64_t>(std::max<int64_t>(retention_blocks, 0));
  return highest != highest_end.end() && highest->second.value >= retention &&
         range.end.value <= highest->second.value - retention;
}

// Of batches that have left the ladder.
bool HasRowsBelow(const Checkpoint& checkpoint) {
  int64_t rows = 0;
  for (const auto& entry : checkpoint.ladder) rows += entry.rows;
  return checkpoint.rows_total > rows;
}

// Of each network that would have no place any more without these batches, its oldest.
BatchIdSet LastPlaces(const std::vector<LadderEntry>& ladder, const BatchIdSet& batches) {
  std::map<std::string, BatchId> oldest;
  std::set<std::string> stay;
  for (const auto& entry : ladder) {
    for (const auto& range : entry.ranges) {
      oldest.try_emplace(range.network, entry.batch);
      if (!batches.contains(entry.batch)) stay.insert(range.network);
    }
  }
  BatchIdSet last;
  for (const auto& [network, batch] : oldest) {
    if (!stay.contains(network)) last.insert(batch);
  }
  return last;
}

Status AtTheAnchor(const Checkpoint& checkpoint, const Invalidation& lost, const LadderEntry& entry,
                   int64_t retention_blocks) {
  const BlockRange& range = RangeOf(entry, lost.network);
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

const LadderEntry* NewestFinal(const Checkpoint& checkpoint, const BatchIdSet& batches,
                               int64_t retention_blocks) {
  const auto& ladder = checkpoint.ladder;
  const auto bottom = HasRowsBelow(checkpoint) ? LastPlaces(ladder, batches) : BatchIdSet();
  const auto found = std::find_if(ladder.rbegin(), ladder.rend(), [&](const LadderEntry& entry) {
    return batches.contains(entry.batch) &&
           (bottom.contains(entry.batch) ||
            IsFinal(entry, checkpoint.highest_end, retention_blocks));
  });
  return found == ladder.rend() ? nullptr : &*found;
}

const BlockRange& RangeOf(const LadderEntry& entry, const std::string& network) {
  const auto same = std::find_if(entry.ranges.begin(), entry.ranges.end(),
                                 [&](const auto& range) { return range.network == network; });
  return same != entry.ranges.end() ? *same : entry.ranges.front();
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
  // The block that the user may go to.
  const auto* final_one = NewestFinal(checkpoint, undone, retention_blocks);
  if (final_one != nullptr) return AtTheAnchor(checkpoint, lost, *final_one, retention_blocks);
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
  auto cursor = nlohmann::ordered_json::object();
  for (const auto& [network, position] : CursorAt(ladder)) {
    cursor[network] = {{"number", position.number.value}, {"hash", position.hash}};
  }
  return cursor.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace ampload::stream
