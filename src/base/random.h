// Unguessable names.
#pragma once

#include <string>

namespace ampload::base {

// 32 lower-case hex digits from the kernel's generator. Safe from any thread; aborts if the kernel
// has none.
std::string RandomNonce();

}  // namespace ampload::base
