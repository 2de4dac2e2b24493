// Arrow's compute kernels, registered.
#pragma once

#include "ampload/status.h"

namespace ampload::base {

// Once a process; later calls cost nothing. Safe from any thread.
Status InitializeArrowCompute();

}  // namespace ampload::base
