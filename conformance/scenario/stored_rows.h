// What a scenario's table must hold: made from the chains alone, and compared with what is stored.
#pragma once

#include <arrow/table.h>

#include <string>

#include "ampload/stream_source.h"
#include "conformance/scenario/world.h"

namespace ampload::conformance {

// OK where `stored` (of any order, with or without lineage) has exactly the rows of all blocks up
// to `cursor`; by an upsert: for each key the row of its newest block. A data error names the first
// difference.
Status ExpectRowsTo(const StreamCursor& cursor, const World& world, const Scenario& scenario,
                    const arrow::Table* stored);

// The key columns that the scenario loads by.
std::vector<std::string> KeysOf(const Scenario& scenario);

}  // namespace ampload::conformance
