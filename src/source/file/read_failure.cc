#include "source/file/read_failure.h"

#include <arrow/util/io_util.h>
#include <fmt/format.h>

namespace ampload::source {
namespace {

bool SaysItsKind(const Status& status) {
  return status.detail() != nullptr && std::string_view(status.detail()->type_id()) ==
                                           FailureDetail(FailureKind::kPermanent).type_id();
}

}  // namespace

Status ReadFailure(std::string_view what, const std::string& path, const Status& cause,
                   std::string_view where) {
  if (SaysItsKind(cause) || cause.IsCancelled()) return cause;
  if (cause.IsOutOfMemory()) {
    return PermanentError(fmt::format(
        "source: the memory allowed is not enough to read on; raise --memory, or write the {} in "
        "smaller pieces: {}: path={}{}{}",
        what, MessageOf(cause), path, where.empty() ? "" : " ", where));
  }
  if (const int code = arrow::internal::ErrnoFromStatus(cause); code != 0) {
    return PermanentError(
        fmt::format("source: cannot read the file: {}: path={}", MessageOf(cause), path),
        fmt::format("errno {}", code));
  }
  return PermanentError(fmt::format("source: damaged {}; copy or write the file again: {}: path={}",
                                    what, MessageOf(cause), path));
}

}  // namespace ampload::source
