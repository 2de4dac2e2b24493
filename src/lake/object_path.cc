#include "lake/object_path.h"

#include <fmt/format.h>

namespace ampload::lake {

Status CheckPath(const std::string& path) {
  bool good = !path.empty() && path.find('\0') == std::string::npos;
  for (size_t begin = 0; good && begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const auto part = std::string_view(path).substr(begin, end - begin);
    good = !part.empty() && part != "." && part != "..";
    begin = end + 1;
  }
  if (good) return Status::OK();
  return PermanentError(
      fmt::format("lake: not a path within a table: it must be relative, without empty parts and "
                  "without \"..\": path={}",
                  path),
      "EINVAL");
}

Status CheckFolder(const std::string& folder) {
  return folder.empty() ? Status::OK() : CheckPath(folder);
}

std::string JoinPath(std::string_view folder, std::string_view name) {
  if (folder.empty()) return std::string(name);
  if (name.empty()) return std::string(folder);
  return fmt::format("{}{}{}", folder, folder.ends_with('/') ? "" : "/", name);
}

std::string_view FolderOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

}  // namespace ampload::lake
