#include "source/input/system_error.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace ampload::source {

Status SystemError(std::string_view what, const std::string& path) {
  const int code = errno;
  return PermanentError(
      fmt::format("source: {}: {}: path={}", what, std::generic_category().message(code), path),
      code == EACCES ? "EACCES" : fmt::format("errno {}", code));
}

}  // namespace ampload::source
