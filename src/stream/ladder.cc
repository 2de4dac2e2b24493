#include "stream/ladder.h"

#include <algorithm>
#include <set>
#include <utility>

#include "stream/undo_set.h"

namespace ampload::stream {

StreamCursor CursorAt(const std::vector<LadderEntry>& ladder) {
  StreamCursor cursor;
  for (const auto& entry : ladder) {
    for (const auto& range : entry.ranges) cursor[range.network] = {range.end, range.hash};
  }
  return cursor;
}

Status CheckLadder(const Checkpoint& checkpoint) {
  const auto damaged = [](const std::string& how) {
    return PermanentError("the checkpoint is damaged, nothing was changed: " + how +
                          "; restore the store from a copy, or begin anew with --reset-pipeline");
  };
  for (const auto& entry : checkpoint.ladder) {
    const std::string batch = ": batch=" + std::to_string(entry.batch.value());
    if (entry.ranges.empty()) return damaged("a batch has no blocks" + batch);
    for (const auto& range : entry.ranges) {
      if (range.start > range.end) return damaged("a batch ends before it starts" + batch);
      if (range.hash.empty()) return damaged("a batch has no hash" + batch);
      const auto highest = checkpoint.highest_end.find(range.network);
      if (highest == checkpoint.highest_end.end() || highest->second < range.end) {
        return damaged("a batch ends behind the highest block" + batch);
      }
    }
  }
  if (checkpoint.source_position != CursorOf(checkpoint.ladder)) {
    return damaged("its place is not where its batches end");
  }
  return Status::OK();
}

std::vector<LadderEntry> TrimLadder(const std::vector<LadderEntry>& ladder,
                                    const std::map<std::string, BlockNumber>& highest_end,
                                    int64_t retention_blocks) {
  std::vector<LadderEntry> kept;
  std::set<std::string> anchored;
  for (auto entry = ladder.rbegin(); entry != ladder.rend(); ++entry) {
    if (IsFinal(*entry, highest_end, retention_blocks)) {
      bool is_anchor = false;
      for (const auto& range : entry->ranges) {
        is_anchor = anchored.insert(range.network).second || is_anchor;
      }
      if (!is_anchor) continue;
    }
    kept.push_back(*entry);
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

Checkpoint WithBatches(Checkpoint checkpoint, const std::vector<LadderEntry>& batches,
                       int64_t retention_blocks) {
  for (const auto& batch : batches) {
    checkpoint.rows_total += batch.rows;
    checkpoint.last_batch_id = std::max(checkpoint.last_batch_id, std::optional(batch.batch));
    for (const auto& range : batch.ranges) {
      auto& highest = checkpoint.highest_end.try_emplace(range.network, range.end).first->second;
      highest = std::max(highest, range.end);
    }
    checkpoint.ladder.push_back(batch);
  }
  checkpoint.ladder = TrimLadder(checkpoint.ladder, checkpoint.highest_end, retention_blocks);
  checkpoint.source_position = CursorOf(checkpoint.ladder);
  return checkpoint;
}

}  // namespace ampload::stream
