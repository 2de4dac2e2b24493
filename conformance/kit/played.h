// What is looked at once a script was played.
#pragma once

#include <string>

#include "conformance/kit/case_context.h"
#include "conformance/kit/script.h"

namespace ampload::conformance {

// Makes the rows that the script expects to be there.
Status PrepareTable(CaseContext& context, const Script& script, const std::string& table);

// OK where the table holds exactly these rows, `_amp_batch_id` left aside. A state of no row is
// also a table that is not there.
Status ExpectState(CaseContext& context, const Script& script, const std::string& table,
                   const arrow::Table& state);

// OK where the rows that carry a batch's id are as many as the pipeline's ladder says, and no row
// has an id that no ladder has.
Status ExpectBatchIds(CaseContext& context, const std::string& table, const std::string& pipeline);

}  // namespace ampload::conformance
