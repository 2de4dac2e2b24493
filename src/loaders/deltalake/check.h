// `ampload check` of a lake's folder.
#pragma once

#include <string>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/loader.h"
#include "lake/object_store.h"
#include "loaders/deltalake/deltalake_config.h"

namespace ampload::deltalake {

// Leaves nothing there. What is wrong is a line that is not ok.
Result<std::vector<CheckLine>> CheckLake(lake::ObjectStore& root,
                                         const DeltaLakeStorageConfig& config,
                                         const CallContext& context);

// A configuration error where the target's folder is no folder, or a table itself; another failure
// where it cannot be read. A folder that is missing is fine: the first write makes it.
Status CheckTarget(lake::ObjectStore& root, const DeltaLakeStorageConfig& config,
                   const CallContext& context);

// Is it on this machine?
bool IsLocal(const DeltaLakeStorageConfig& config);

}  // namespace ampload::deltalake
