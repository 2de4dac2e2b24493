#include "lake/posix_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

#include "base/random.h"
#include "lake/object_path.h"
#include "lake/system_error.h"

namespace ampload::lake {
namespace {

constexpr std::string_view kTemporary = ".ampload-";
constexpr mode_t kFileMode = 0666;  // less the umask, as other writers of the table have it
constexpr mode_t kFolderMode = 0777;

template <class Call>
auto Uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// The folder above; "/" of "/data".
std::string Above(const std::string& path) {
  const auto above = FolderOf(path);
  return above.empty() ? "/" : std::string(above);
}

bool CannotLink(int code) {
  return code == EPERM || code == EOPNOTSUPP || code == ENOSYS || code == EMLINK || code == EINVAL;
}

// On file systems of networks the answer to a link may be lost, or asked for again: it is then
// there, and it is ours.
bool IsLinked(const Descriptor& file) {
  struct stat info = {};
  return ::fstat(file.get(), &info) == 0 && info.st_nlink == 2;
}

// No answer of a server: the link may be there though we do not see it yet.
bool IsNoAnswer(int code) {
  return code == EIO || code == ESTALE || code == ETIMEDOUT || code == EINTR || code == EREMOTEIO;
}

Result<PutOutcome> RenameWithoutReplace(const std::string& temporary, const std::string& target) {
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) == 0) {
    return PutOutcome::kWritten;
  }
  const int code = errno;
  ::unlink(temporary.c_str());
  if (code == EEXIST) return PutOutcome::kExists;
  if (IsNoAnswer(code)) return PutOutcome::kUnknown;
  if (code == EINVAL || code == ENOSYS || code == EOPNOTSUPP) {
    return PermanentError(
        fmt::format(
            "lake: this file system can neither link a file nor rename it without replacing "
            "another, so two writers could overwrite each other's commits; keep the table "
            "elsewhere: path={}",
            target),
        "EOPNOTSUPP");
  }
  return SystemError(code, "cannot give the file its name", target);
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Status Descriptor::Close(const std::string& path) {
  // Never again after EINTR: on Linux the descriptor is gone by then.
  if (fd_ >= 0 && ::close(std::exchange(fd_, -1)) != 0 && errno != EINTR) {
    return SystemError(errno, "cannot write the file", path);
  }
  return Status::OK();
}

Result<Descriptor> CreateNew(const std::string& path) {
  Descriptor file(Uninterrupted(
      [&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode); }));
  if (file.get() < 0) return SystemError(errno, "cannot make the file", path);
  return file;
}

Status WriteAll(const Descriptor& file, std::string_view bytes, const std::string& path) {
  constexpr size_t kMost = size_t{1} << 30;  // Linux takes a little less than 2 GiB at once
  while (!bytes.empty()) {
    const ssize_t wrote = Uninterrupted(
        [&] { return ::write(file.get(), bytes.data(), std::min(bytes.size(), kMost)); });
    if (wrote < 0) return SystemError(errno, "cannot write the file", path);
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return Status::OK();
}

Status SyncFile(const Descriptor& file, const std::string& path) {
  if (Uninterrupted([&] { return ::fsync(file.get()); }) == 0) return Status::OK();
  return SystemError(errno, "cannot make the file durable", path);
}

Status SyncFolder(const std::string& folder) {
  const Descriptor opened(
      Uninterrupted([&] { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (opened.get() < 0) return SystemError(errno, "cannot open the folder", folder);
  // Some file systems have nothing to be done for a folder and say so.
  if (Uninterrupted([&] { return ::fsync(opened.get()); }) == 0 || errno == EINVAL) {
    return Status::OK();
  }
  return SystemError(errno, "cannot make the folder durable", folder);
}

Status MakeFolders(const std::string& folder, const std::string& durable_from,
                   Durability durability) {
  std::vector<std::string> missing;  // the deepest first
  for (std::string at = folder;; at = Above(at)) {
    struct stat info = {};
    if (::stat(at.c_str(), &info) == 0) {
      if (S_ISDIR(info.st_mode)) break;
      return SystemError(ENOTDIR, "cannot make the folder", at);
    }
    if (errno != ENOENT) return SystemError(errno, "cannot make the folder", at);
    missing.push_back(at);
  }
  for (auto made = missing.rbegin(); made != missing.rend(); ++made) {
    if (::mkdir(made->c_str(), kFolderMode) != 0 && errno != EEXIST) {
      return SystemError(errno, "cannot make the folder", *made);
    }
  }
  if (durability != Durability::kPower) return Status::OK();
  // One who made them before may have been killed before they were durable.
  const std::string& highest = !missing.empty() && missing.back().size() < durable_from.size()
                                   ? missing.back()
                                   : durable_from;
  for (std::string at = folder; at.size() >= highest.size() && at != "/"; at = Above(at)) {
    const Status synced = SyncFolder(Above(at));
    // What was there before may lie in a folder that is not ours to open.
    const bool ours = !missing.empty() && at.size() >= missing.back().size();
    if (!synced.ok() && (ours || StoreCodeOf(synced) != "EACCES")) return synced;
  }
  return Status::OK();
}

std::string TemporaryName(const std::string& folder) {
  return JoinPath(folder, fmt::format("{}{}.tmp", kTemporary, base::RandomNonce()));
}

bool IsTemporaryName(std::string_view name) { return name.starts_with(kTemporary); }

Result<PutOutcome> Publish(const Descriptor& file, const std::string& temporary,
                           const std::string& target) {
  if (::link(temporary.c_str(), target.c_str()) != 0) {
    const int code = errno;
    if (CannotLink(code)) return RenameWithoutReplace(temporary, target);
    if (!IsLinked(file)) {
      ::unlink(temporary.c_str());
      if (code == EEXIST) return PutOutcome::kExists;
      if (IsNoAnswer(code)) return PutOutcome::kUnknown;
      return SystemError(code, "cannot give the file its name", target);
    }
  }
  ::unlink(temporary.c_str());
  return PutOutcome::kWritten;
}

}  // namespace ampload::lake
