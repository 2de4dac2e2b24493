// liblmdb's return codes as statuses, translated once.
#pragma once

#include <string_view>

#include "ampload/status.h"

namespace ampload::lmdb {

// OK for MDB_SUCCESS. `what` says what was tried ("cannot commit"), `where` names the environment's
// folder. The store code is the code's name: "MDB_MAP_FULL", "ENOSPC". Full disk, missing rights
// and damage are permanent.
Status FromCode(int code, std::string_view what, std::string_view where);

// The map is too small for this transaction: abort it, grow, do it again.
bool IsMapFull(const Status& status);

}  // namespace ampload::lmdb
