#include "ampload/call_context.h"

namespace ampload {

Status CallContext::Check() const {
  if (stop.stop_requested()) return Status::Cancelled("interrupted");
  if (deadline != std::chrono::steady_clock::time_point::max() &&
      std::chrono::steady_clock::now() > deadline) {
    return Status::Cancelled("deadline exceeded");
  }
  return Status::OK();
}

}  // namespace ampload
