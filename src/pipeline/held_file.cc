#include "pipeline/held_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ampload::pipeline {
namespace {

Status SystemError(const std::string& what, const std::string& path) {
  return PermanentError("quarantine: " + what + ": " + std::strerror(errno) + ": path=" + path);
}

// Between open(2) and the lock another may have renamed or removed the file.
bool IsNamed(int fd, const std::string& path) {
  struct stat open_file = {};
  struct stat named = {};
  return ::fstat(fd, &open_file) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

}  // namespace

HeldFile::~HeldFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::optional<HeldFile>> HeldFile::Open(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | flags, 0666);
  if (fd < 0) {
    if (errno == ENOENT && flags == 0) return std::nullopt;
    return SystemError("cannot open it", path);
  }
  HeldFile file(fd);
  struct flock whole = {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(fd, F_OFD_SETLK, &whole) != 0) {
    if (errno == EAGAIN || errno == EACCES) return std::nullopt;
    return SystemError("cannot lock it", path);
  }
  if (!IsNamed(fd, path)) return std::nullopt;
  return file;
}

Result<std::optional<HeldFile>> HeldFile::Take(const std::string& path) { return Open(path, 0); }

Result<std::optional<HeldFile>> HeldFile::New(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, Open(path, O_CREAT));
  if (file.has_value() && ::ftruncate(file->fd(), 0) != 0) {
    return SystemError("cannot empty it", path);
  }
  return file;
}

}  // namespace ampload::pipeline
