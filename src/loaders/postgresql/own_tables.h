// The tables that ampload keeps beside a schema's own: its records, and tables that a load fills
// before they take their place.
#pragma once

#include <string_view>

#include "loaders/postgresql/checkpoint_table.h"
#include "loaders/postgresql/hidden_table.h"
#include "loaders/postgresql/remembered_loads.h"
#include "loaders/postgresql/undo_table.h"

namespace ampload::postgresql {

inline constexpr const char* kOwnTables[] = {kCheckpointTable, kLoadTable, kUndoTable};

inline bool IsOwnTable(std::string_view name) {
  for (const std::string_view own : kOwnTables) {
    if (name == own) return true;
  }
  return name.starts_with(kHiddenPrefix);
}

}  // namespace ampload::postgresql
