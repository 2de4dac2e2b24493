// The table that a command was told to look at.
#pragma once

#include <string>

#include "ampload/loader.h"

namespace ampload::cli {

// What the store says of it. A configuration error of `verb` names the nearest table, and all.
Result<TableInfo> FindTable(Loader& loader, const std::string& table, const std::string& verb);

}  // namespace ampload::cli
