// A new file of this machine, written piece by piece.
#pragma once

#include <memory>
#include <string>

#include "ampload/status.h"
#include "lake/object_store.h"

namespace ampload::lake {

// The file is there under its own name from the start and removed by Discard and by the
// destructor unless it was closed. The folder must be there; a name that is taken fails with
// "EEXIST".
Result<std::unique_ptr<ObjectOutput>> OpenLocalOutput(const std::string& path,
                                                      Durability durability);

}  // namespace ampload::lake
