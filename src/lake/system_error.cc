#include "lake/system_error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace ampload::lake {
namespace {

// What to do about it, where it is not plain.
std::string_view Advice(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
      return "; free some, or take another place";
    case EACCES:
    case EPERM:
      return "; the folder and its files must be this user's to read and write";
    case EROFS:
      return "; it is mounted read-only";
    case ENAMETOOLONG:
      return "; take shorter names: of the folder, or of the partition's values";
    case EMFILE:
      return "; raise the limit (ulimit -n)";
    default:
      return "";
  }
}

bool MayPass(int code) {
  return code == ETIMEDOUT || code == ESTALE || code == EAGAIN || code == EBUSY;
}

}  // namespace

Status SystemError(int code, std::string_view what, const std::string& path) {
  const char* name = ::strerrorname_np(code);
  auto text = fmt::format("lake: {}: {}{}: path={}", what, std::generic_category().message(code),
                          Advice(code), path);
  auto store_code = name == nullptr ? fmt::format("errno {}", code) : std::string(name);
  return MayPass(code) ? TransientError(std::move(text), std::move(store_code))
                       : PermanentError(std::move(text), std::move(store_code));
}

}  // namespace ampload::lake
