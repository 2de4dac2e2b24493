#include "source/arrow_compute.h"

#include <arrow/compute/initialize.h>

namespace ampload::source {

Status InitializeArrowCompute() {
  static const Status status = arrow::compute::Initialize();
  return status;
}

}  // namespace ampload::source
