// How one key's row is taken back where batches came on top of each other: upsert and merge
// streams. Pure; safe from any thread. A store only keeps the records.
//
//   records   1: was absent      2: was A      3: was B       row now: C
//   batch        set A              set B         set C
//
//   undo 3         the row is B again
//   undo 2         record 3 inherits "was A"; the row stays C, since 3 replaced it whole
//   undo 2, where 3 changed some columns only
//                  record 3 inherits "was A", and the row is 3's change on A
//
// All records of one key together, oldest first, are its history: what a batch left is what the
// next record found. A history may begin anywhere, but has no gap behind its beginning; a batch may
// have several records of one key (it was written in steps).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ampload/batch_id.h"
#include "ampload/status.h"

namespace ampload::stream {

// A row's bytes as the store keeps them; nullopt: there is no such row.
using RowImage = std::optional<std::string>;

enum class WriteKind {
  kReplaced,  // the row was written whole, whatever stood there
  kChanged,   // some columns were set, the others kept: `change`
  kDeleted,   // the row was taken away, or was not there anyhow
};

// One write of one key.
struct UndoRecord {
  BatchId batch;
  WriteKind kind = WriteKind::kReplaced;
  RowImage previous;   // what stood there before this write
  std::string change;  // kChanged: the columns that were set, in the row's own encoding
  friend bool operator==(const UndoRecord&, const UndoRecord&) = default;
};

struct KeyHistory {
  std::vector<UndoRecord> records;  // oldest first
  RowImage current;
  friend bool operator==(const KeyHistory&, const KeyHistory&) = default;
};

// The row that `change` makes of `base`; of an absent one: a row with the change's columns.
using Reapply = std::function<Result<std::string>(const RowImage& base, const std::string& change)>;

// Takes the writes of `batches` out of the history, as if they had never been: their records go,
// later ones and the current row become what they would have been. A kept delete stays one. Fails
// where `reapply` does; then the history is half changed and must be thrown away.
Status TakeBack(const BatchIdSet& batches, const Reapply& reapply, KeyHistory& history);

// Forgets what final batches need no more: nobody will take those back. A record goes where all
// older ones of its key go too, or where a final batch wrote or deleted the row whole behind it. A
// final change on top of a write that may still be taken back stays.
void DropFinal(const BatchIdSet& final_batches, KeyHistory& history);

}  // namespace ampload::stream
