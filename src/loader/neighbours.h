// Pipelines and loads that write one table side by side: who may, who has to wait, who must not.
// The same rules for every store that keeps checkpoints. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/checkpoint.h"
#include "ampload/status.h"
#include "ampload/table.h"

namespace ampload {

// "a, b": their pipelines.
std::string PipelinesOf(const std::vector<Checkpoint>& checkpoints);

// The rows of this load may take the place of others.
bool MayReplaceRows(const TableSpec& spec);

// May this load write beside those pipelines (its own is not among them)? Taking back a batch of an
// upsert restores what stood there before: whatever another writer did to the same keys in between
// would be lost. `replacing`: its first commit replaces the table's rows. `alone`: the pipeline
// that has the table for itself; or empty. A configuration error that begins with the loader's
// name.
Status CheckNeighbours(std::string_view loader, const TableSpec& spec, bool replacing,
                       const std::vector<Checkpoint>& others, const std::string& alone);

// The slot of a pipeline that is new beside those. A configuration error unless the spec allows
// that.
Result<int64_t> ClaimSlot(std::string_view loader, const TableSpec& spec,
                          const std::vector<Checkpoint>& others);

}  // namespace ampload
