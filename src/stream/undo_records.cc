#include "stream/undo_records.h"

#include <utility>

namespace ampload::stream {

Status TakeBack(const BatchIdSet& batches, const Reapply& reapply, KeyHistory& history) {
  std::vector<UndoRecord> kept;
  // While `differs`, the row at this point of the history is no longer what the next record says
  // that it found, but `base`.
  bool differs = false;
  RowImage base;
  for (auto& record : history.records) {
    if (batches.contains(record.batch)) {
      if (!differs) base = std::move(record.previous);
      differs = true;
      continue;
    }
    if (differs) {
      differs = record.kind == WriteKind::kChanged && record.previous != base;
      record.previous = base;
      if (differs) {
        ARROW_ASSIGN_OR_RAISE(base, reapply(base, record.change));
      }
    }
    kept.push_back(std::move(record));
  }
  history.records = std::move(kept);
  if (differs) history.current = std::move(base);
  return Status::OK();
}

void DropFinal(const BatchIdSet& final_batches, KeyHistory& history) {
  size_t drop = 0;  // records before this one go
  bool all_older_go = true;
  for (size_t i = 0; i < history.records.size(); ++i) {
    const auto& record = history.records[i];
    const bool final = final_batches.contains(record.batch);
    const bool whole = record.kind != WriteKind::kChanged;
    all_older_go = final && (all_older_go || whole);
    if (all_older_go) drop = i + 1;
  }
  history.records.erase(history.records.begin(),
                        history.records.begin() + static_cast<std::ptrdiff_t>(drop));
}

}  // namespace ampload::stream
