#include "base/arrow_compute.h"

#include <arrow/compute/initialize.h>

namespace ampload::base {

Status InitializeArrowCompute() {
  static const Status status = arrow::compute::Initialize();
  return status;
}

}  // namespace ampload::base
