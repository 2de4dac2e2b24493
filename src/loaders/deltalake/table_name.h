// What a table of a lake may be called: the folder below the target's folder that it lies in. Pure.
#pragma once

#include <string>

#include "ampload/status.h"

namespace ampload::deltalake {

// "logs", "mainnet/logs": names with '/' between, none of them empty, ".", "..", nor beginning with
// '_' or '.', which readers and VACUUM pass over. A configuration error that says which part.
Status CheckTableFolder(const std::string& table);

}  // namespace ampload::deltalake
