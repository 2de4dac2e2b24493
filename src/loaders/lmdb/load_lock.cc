#include "loaders/lmdb/load_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "loaders/lmdb/lmdb_error.h"

namespace ampload::lmdb {
namespace {

// 14 hex digits: 56 bits, always a valid offset.
off_t OffsetOf(std::string_view nonce) {
  return static_cast<off_t>(std::stoull(std::string(nonce.substr(0, 14)), nullptr, 16));
}

struct flock ByteOf(std::string_view nonce) {
  struct flock byte = {};
  byte.l_type = F_WRLCK;
  byte.l_whence = SEEK_SET;
  byte.l_start = OffsetOf(nonce);
  byte.l_len = 1;
  return byte;
}

Result<int> OpenLockFile(const std::string& folder) {
  const std::string path = folder + "/ampload.lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return FromCode(errno, "cannot open ampload.lock", folder);
  return fd;
}

}  // namespace

Result<LoadLock> LoadLock::Take(const std::string& folder, std::string_view nonce) {
  ARROW_ASSIGN_OR_RAISE(const int fd, OpenLockFile(folder));
  LoadLock lock(fd);
  struct flock byte = ByteOf(nonce);
  if (fcntl(fd, F_OFD_SETLK, &byte) != 0)
    return FromCode(errno, "cannot lock ampload.lock", folder);
  return lock;
}

Result<bool> LoadLock::IsHeld(const std::string& folder, std::string_view nonce) {
  ARROW_ASSIGN_OR_RAISE(const int fd, OpenLockFile(folder));
  const LoadLock closes(fd);
  struct flock byte = ByteOf(nonce);
  if (fcntl(fd, F_OFD_GETLK, &byte) != 0)
    return FromCode(errno, "cannot test ampload.lock", folder);
  return byte.l_type != F_UNLCK;
}

LoadLock& LoadLock::operator=(LoadLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

LoadLock::~LoadLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace ampload::lmdb
