#include "source/file/path_expansion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include "base/nearest_name.h"
#include "source/file/glob.h"
#include "source/input/open_input.h"

namespace ampload::source {
namespace {

namespace fs = std::filesystem;

Status CannotRead(std::string_view what, const fs::path& path, const std::error_code& error) {
  return PermanentError(
      fmt::format("source: {}: {}: path={}", what, error.message(), path.string()),
      error == std::errc::permission_denied ? "EACCES" : std::string());
}

bool IsMissing(const std::error_code& error) {
  return error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
}

// The entries of one folder, by name.
Result<std::vector<fs::path>> List(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> entries;
  const fs::path listed = folder.empty() ? fs::path(".") : folder;
  for (auto it = fs::directory_iterator(listed, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    entries.push_back(folder / it->path().filename());
  }
  if (error) return CannotRead("cannot list the folder", listed, error);
  std::sort(entries.begin(), entries.end());
  return entries;
}

bool IsFolder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path.empty() ? fs::path(".") : path, error);
}

bool IsLeftOut(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with('.') || name.starts_with('_');
}

// Calls `visit(folder, entries)` for a folder and those below it. `above` holds the folders on the
// way down, so that a link back up is not followed for ever.
template <class Visit>
Status Walk(const fs::path& folder, std::vector<fs::path>* above, const Visit& visit) {
  std::error_code error;
  fs::path real = fs::canonical(folder.empty() ? fs::path(".") : folder, error);
  if (error) return CannotRead("cannot read the folder", folder, error);
  if (std::find(above->begin(), above->end(), real) != above->end()) return Status::OK();
  above->push_back(std::move(real));
  ARROW_ASSIGN_OR_RAISE(const auto entries, List(folder));
  ARROW_RETURN_NOT_OK(visit(folder, entries));
  for (const auto& entry : entries) {
    if (!IsLeftOut(entry) && IsFolder(entry)) ARROW_RETURN_NOT_OK(Walk(entry, above, visit));
  }
  above->pop_back();
  return Status::OK();
}

struct FileSet {
  std::optional<Format> format;  // what a folder is searched for; nullopt: all that can be read
  std::set<fs::path> files;      // in name order, component by component
};

Status CollectFolder(const fs::path& folder, FileSet* out) {
  std::vector<fs::path> above;
  return Walk(folder, &above, [out](const fs::path&, const std::vector<fs::path>& entries) {
    for (const auto& entry : entries) {
      const auto format = FormatOfName(entry.filename().string());
      if (!format.has_value() || (out->format.has_value() && format != out->format)) continue;
      if (!IsLeftOut(entry) && !IsFolder(entry)) out->files.insert(entry);
    }
    return Status::OK();
  });
}

// `parts` from `next` on, below `base`.
Status CollectGlob(const fs::path& base, const std::vector<std::string>& parts, size_t next,
                   FileSet* out) {
  if (next == parts.size()) {
    std::error_code error;
    const auto status = fs::status(base, error);
    if (fs::is_directory(status)) return CollectFolder(base, out);
    if (fs::exists(fs::symlink_status(base, error))) out->files.insert(base);
    return Status::OK();
  }
  const std::string& part = parts[next];
  if (!HasGlob(part)) return CollectGlob(base / Unescape(part), parts, next + 1, out);
  if (!IsFolder(base)) return Status::OK();
  if (part == "**") {
    if (next + 1 == parts.size()) return CollectFolder(base, out);
    std::vector<fs::path> above;
    return Walk(base, &above, [&](const fs::path& folder, const std::vector<fs::path>&) {
      return CollectGlob(folder, parts, next + 1, out);
    });
  }
  ARROW_ASSIGN_OR_RAISE(const auto entries, List(base));
  for (const auto& entry : entries) {
    if (!MatchesGlob(part, entry.filename().string())) continue;
    ARROW_RETURN_NOT_OK(CollectGlob(entry, parts, next + 1, out));
  }
  return Status::OK();
}

Status CollectPattern(const std::string& pattern, FileSet* out) {
  ARROW_ASSIGN_OR_RAISE(const auto alternatives, ExpandBraces(pattern));
  for (const auto& alternative : alternatives) {
    std::vector<std::string> parts;
    for (size_t start = 0; start <= alternative.size();) {
      const size_t end = std::min(alternative.find('/', start), alternative.size());
      if (end > start) parts.push_back(alternative.substr(start, end - start));
      start = end + 1;
    }
    const fs::path base = alternative.starts_with('/') ? "/" : "";
    ARROW_RETURN_NOT_OK(CollectGlob(base, parts, 0, out));
  }
  return Status::OK();
}

Status MissingPath(const fs::path& path) {
  std::string hint;
  if (auto siblings = List(path.parent_path()); siblings.ok()) {
    std::vector<std::string> names;
    for (const auto& sibling : *siblings) names.push_back(sibling.filename().string());
    if (const auto nearest = base::NearestName(path.filename().string(), names)) {
      hint = fmt::format("; did you mean {}?", (path.parent_path() / *nearest).string());
    }
  }
  return ConfigurationError(
      fmt::format("source: no such file or folder{}: path={}", hint, path.string()));
}

Status RefuseWhatIsNoPath(const std::string& path) {
  if (path.empty()) return ConfigurationError("source: an empty path was given");
  const size_t scheme = path.find("://");
  if (scheme == std::string::npos || scheme == 0 || path.find('/') < scheme) return Status::OK();
  if (path.starts_with("file://")) {
    return ConfigurationError(fmt::format("source: give the path without file://: path={}", path));
  }
  return ConfigurationError(
      fmt::format("source: {}:// is not supported yet; local files, folders, globs and - (standard "
                  "input) can be read: path={}",
                  path.substr(0, scheme), path));
}

// One path as the user wrote it.
Result<std::vector<fs::path>> ExpandOne(const std::string& path, std::optional<Format> format) {
  ARROW_RETURN_NOT_OK(RefuseWhatIsNoPath(path));
  std::error_code error;
  const auto status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_directory(status)) return std::vector<fs::path>{path};
  if (error && !IsMissing(error)) return CannotRead("cannot read", path, error);
  FileSet found{format, {}};
  const auto& files = found.files;
  if (fs::is_directory(status)) {
    ARROW_RETURN_NOT_OK(CollectFolder(path, &found));
    if (files.empty()) {
      return ConfigurationError(fmt::format(
          "source: no file below the folder has a suffix of {}; give a glob and "
          "--format: path={}",
          format.has_value() ? ToString(*format) : "Parquet, Arrow IPC, CSV or NDJSON", path));
    }
  } else {
    if (!HasGlob(path)) return MissingPath(path);
    ARROW_RETURN_NOT_OK(CollectPattern(path, &found));
    if (files.empty()) {
      return ConfigurationError(
          fmt::format("source: no file matches the pattern: pattern={}", path));
    }
  }
  return std::vector<fs::path>(files.begin(), files.end());
}

}  // namespace

Result<std::vector<std::string>> ExpandPaths(std::span<const std::string> paths,
                                             std::optional<Format> format) {
  if (paths.empty()) return ConfigurationError("source: no file, folder or glob was given");
  std::vector<std::string> files;
  std::map<fs::path, std::string> seen;  // real path to the path as given
  for (const auto& path : paths) {
    if (path == kStandardInput) {
      if (std::find(files.begin(), files.end(), path) != files.end()) {
        return ConfigurationError("source: standard input can be read once: - is given twice");
      }
      files.push_back(path);
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const auto expanded, ExpandOne(path, format));
    for (const auto& file : expanded) {
      std::error_code error;
      const fs::path real = fs::canonical(file, error);
      if (error) return CannotRead("cannot read the file", file, error);
      const auto [first, inserted] = seen.emplace(real, file.string());
      if (!inserted) {
        return ConfigurationError(
            fmt::format("source: the same file is given twice, its rows would be loaded twice: "
                        "first={} second={}",
                        first->second, file.string()));
      }
      files.push_back(file.string());
    }
  }
  return files;
}

}  // namespace ampload::source
