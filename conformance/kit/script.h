// What a pipeline does to one table, commit by commit, written down beforehand: so that a process
// that is killed anywhere can be compared with what should have become of it.
#pragma once

#include <arrow/table.h>

#include <memory>
#include <string>
#include <vector>

#include "ampload/batch_id.h"
#include "ampload/block_range.h"
#include "ampload/load_mode.h"
#include "ampload/loader_traits.h"
#include "ampload/status.h"

namespace ampload::conformance {

// One microbatch. In a one-off load and a plain pipeline it has no ranges.
struct ScriptBatch {
  std::shared_ptr<arrow::Table> rows;
  std::vector<BlockRange> ranges;
};

// The chain took back the blocks of a network from `from` on.
struct Reorg {
  std::string network;
  uint64_t from = 0;
};

struct ScriptCommit {
  std::vector<Reorg> reorgs;  // committed batches that overlap are undone by this commit
  std::vector<ScriptBatch> batches;
};

struct Script {
  std::string name;
  std::string promise;
  LoadMode mode = LoadMode::kAppend;
  std::vector<std::string> keys = {};
  std::shared_ptr<arrow::Table> existing = {};  // rows that the table has before; null: no table
  bool one_off = false;                         // one commit, no pipeline
  bool streaming = false;                       // batches carry ranges and can be undone
  std::vector<ScriptCommit> commits = {};

  // Of the batches of commits[index], without `_amp_batch_id`; commits without a batch have the
  // schema of the one before.
  std::shared_ptr<arrow::Schema> SchemaAt(size_t index) const;
};

// The scripts of the streaming and crash suites, each for loaders of those traits.
const std::vector<Script>& AllScripts();
// Null: there is none of that name.
const Script* FindScript(const std::string& name);
// Why a loader of these traits cannot play it; empty: it can.
std::string Lacking(const Script& script, const LoaderTraits& traits);

// The table after each number of commits, 0 to all: by playing the batches that are left, one row
// after the other, in a map. Columns are the table's without `_amp_batch_id`, rows in order of id.
Result<std::vector<std::shared_ptr<arrow::Table>>> ExpectedStates(const Script& script);

// Which batches, by their place in `ladder` (each its ranges), the reorgs take back: those that
// overlap, and those that an undone batch drags along in another network.
std::vector<bool> UndoneBy(const std::vector<Reorg>& reorgs,
                           const std::vector<std::vector<BlockRange>>& ladder);

}  // namespace ampload::conformance
