// Rows of a Parquet checkpoint as actions. Pure.
#pragma once

#include <arrow/array.h>

#include <vector>

#include "loaders/deltalake/actions.h"
#include "loaders/deltalake/checkpoint_reader.h"

namespace ampload::deltalake {

// Adds the rows' actions to `out`; columns that are missing are null.
void TakeFiles(const arrow::StructArray& rows, CheckpointFiles* out);

// All that are not about files.
void TakeOthers(const arrow::StructArray& rows, std::vector<Action>* out);

}  // namespace ampload::deltalake
