// Object stores that are folders of this machine.
#pragma once

#include <memory>
#include <string>

#include "lake/object_store.h"

namespace ampload::lake {

// `root` as the user wrote it; a relative one is taken from the current folder. See
// OpenObjectStore.
Result<std::shared_ptr<ObjectStore>> OpenLocalStore(const std::string& root, Durability durability);

}  // namespace ampload::lake
