#include "source/file/path_expansion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "base/nearest_name.h"
#include "source/file/glob.h"
#include "source/file/s3_expansion.h"
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
    if (!IsLeftOut(entry.filename().string()) && IsFolder(entry))
      ARROW_RETURN_NOT_OK(Walk(entry, above, visit));
  }
  above->pop_back();
  return Status::OK();
}

// In name order, component by component; with each what is given of its path.
using FileSet = std::map<fs::path, fs::path>;

struct Search {
  std::optional<Format> format;  // what a folder is searched for; nullopt: all that can be read
  fs::path given;
  FileSet* out;
};

Status CollectFolder(const fs::path& folder, const Search& search) {
  std::vector<fs::path> above;
  return Walk(folder, &above, [&search](const fs::path&, const std::vector<fs::path>& entries) {
    for (const auto& entry : entries) {
      const std::string name = entry.filename().string();
      if (IsWanted(name, search.format) && !IsFolder(entry)) {
        search.out->emplace(entry, search.given);
      }
    }
    return Status::OK();
  });
}

// `parts` from `next` on, below `base`.
Status CollectGlob(const fs::path& base, const std::vector<std::string>& parts, size_t next,
                   const Search& search) {
  if (next == parts.size()) {
    std::error_code error;
    const auto status = fs::status(base, error);
    if (fs::is_directory(status)) return CollectFolder(base, search);
    if (fs::exists(fs::symlink_status(base, error))) search.out->emplace(base, search.given);
    return Status::OK();
  }
  const std::string& part = parts[next];
  if (!HasGlob(part)) return CollectGlob(base / Unescape(part), parts, next + 1, search);
  if (!IsFolder(base)) return Status::OK();
  if (part == "**") {
    if (next + 1 == parts.size()) return CollectFolder(base, search);
    std::vector<fs::path> above;
    return Walk(base, &above, [&](const fs::path& folder, const std::vector<fs::path>&) {
      return CollectGlob(folder, parts, next + 1, search);
    });
  }
  ARROW_ASSIGN_OR_RAISE(const auto entries, List(base));
  for (const auto& entry : entries) {
    if (!MatchesGlob(part, entry.filename().string())) continue;
    ARROW_RETURN_NOT_OK(CollectGlob(entry, parts, next + 1, search));
  }
  return Status::OK();
}

Status CollectPattern(const std::string& pattern, std::optional<Format> format, FileSet* out) {
  ARROW_ASSIGN_OR_RAISE(const auto alternatives, ExpandBraces(pattern));
  for (const auto& alternative : alternatives) {
    const auto parts = PathParts(alternative);
    const fs::path root = alternative.starts_with('/') ? "/" : "";
    Search search{format, root, out};
    for (size_t i = 0; i + 1 < parts.size() && !HasGlob(parts[i]); ++i) {
      search.given /= Unescape(parts[i]);
    }
    ARROW_RETURN_NOT_OK(CollectGlob(root, parts, 0, search));
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
  return ConfigurationError(fmt::format(
      "source: {}:// cannot be read; local files, folders, globs, s3:// and - (standard "
      "input) can: path={}",
      path.substr(0, scheme), path));
}

// What is left of the file's path below the part that was given.
std::string Below(const fs::path& file, const fs::path& given) {
  const fs::path below = file.lexically_relative(given.empty() ? fs::path(".") : given);
  return given.empty() ? file.string() : below.string();
}

// One path as the user wrote it, a local one.
Result<std::vector<FoundInput>> ExpandLocal(const std::string& path, std::optional<Format> format) {
  ARROW_RETURN_NOT_OK(RefuseWhatIsNoPath(path));
  std::error_code error;
  const auto status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_directory(status)) return std::vector{FoundInput{path}};
  if (error && !IsMissing(error)) return CannotRead("cannot read", path, error);
  FileSet files;
  if (fs::is_directory(status)) {
    ARROW_RETURN_NOT_OK(CollectFolder(path, {format, path, &files}));
    if (files.empty()) return FolderWithoutFiles(path, format);
  } else {
    if (!HasGlob(path)) return MissingPath(path);
    ARROW_RETURN_NOT_OK(CollectPattern(path, format, &files));
    if (files.empty()) {
      return ConfigurationError(
          fmt::format("source: no file matches the pattern: pattern={}", path));
    }
  }
  std::vector<FoundInput> found;
  for (const auto& [file, given] : files) {
    found.push_back({.path = file.string(), .below = Below(file, given)});
  }
  return found;
}

Status AddStandardInput(std::vector<FoundInput>* files) {
  for (const auto& file : *files) {
    if (file.path == kStandardInput) {
      return ConfigurationError("source: standard input can be read once: - is given twice");
    }
  }
  files->push_back({.path = kStandardInput});
  return Status::OK();
}

// What tells a file from every other one, however its path is written.
Result<std::string> Identity(const FoundInput& found) {
  if (found.bucket != nullptr) return found.path + '\n' + found.bucket->uri().query;
  std::error_code error;
  const fs::path real = fs::canonical(found.path, error);
  if (error) return CannotRead("cannot read the file", found.path, error);
  return real.string();
}

}  // namespace

bool IsLeftOut(const std::string& name) { return name.starts_with('.') || name.starts_with('_'); }

bool IsWanted(const std::string& name, std::optional<Format> format) {
  const auto of_name = FormatOfName(name);
  return of_name.has_value() && (!format.has_value() || of_name == format) && !IsLeftOut(name);
}

Status FolderWithoutFiles(const std::string& path, std::optional<Format> format) {
  return ConfigurationError(fmt::format(
      "source: no file below the folder has a suffix of {}; give a glob and --format: "
      "path={}",
      format.has_value() ? ToString(*format) : "Parquet, Arrow IPC, CSV or NDJSON", path));
}

Result<std::vector<FoundInput>> ExpandPaths(std::span<const std::string> paths,
                                            std::optional<Format> format,
                                            const std::shared_ptr<ReadContext>& context) {
  if (paths.empty()) return ConfigurationError("source: no file, folder or glob was given");
  std::vector<FoundInput> files;
  std::map<std::string, std::string> seen;  // identity to the path as given
  S3Buckets buckets(context);
  for (size_t given = 0; given < paths.size(); ++given) {
    const std::string& path = paths[given];
    if (path == kStandardInput) {
      ARROW_RETURN_NOT_OK(AddStandardInput(&files));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(auto expanded, IsS3Uri(path) ? ExpandS3(path, format, &buckets)
                                                       : ExpandLocal(path, format));
    for (auto& file : expanded) {
      ARROW_ASSIGN_OR_RAISE(const std::string identity, Identity(file));
      const auto [first, inserted] = seen.emplace(identity, file.path);
      if (!inserted) {
        return ConfigurationError(
            fmt::format("source: the same file is given twice, its rows would be loaded twice: "
                        "first={} second={}",
                        first->second, file.path));
      }
      file.given = given;
      files.push_back(std::move(file));
    }
  }
  return files;
}

}  // namespace ampload::source
