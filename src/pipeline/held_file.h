// Tells the file of a live load from the one of a dead load.
//
// A load holds an open-file-description lock on the quarantine that it writes, and on the one that
// it replays. The lock is the open file's, not its name's: a rename keeps it, and the kernel drops
// it when the process dies, however it dies.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "ampload/status.h"

namespace ampload::pipeline {

class HeldFile {
 public:
  // Both take the file's lock, held until destruction; `New` makes the file, or empties it.
  // nullopt: another holds it, or no file has the name any more. Permanent errors name the path:
  // the file cannot be opened for writing, or the file system has no locks.
  static Result<std::optional<HeldFile>> Take(const std::string& path);
  static Result<std::optional<HeldFile>> New(const std::string& path);

  HeldFile(HeldFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  HeldFile& operator=(HeldFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~HeldFile();

  int fd() const { return fd_; }

 private:
  explicit HeldFile(int fd) : fd_(fd) {}
  static Result<std::optional<HeldFile>> Open(const std::string& path, int flags);
  int fd_;
};

}  // namespace ampload::pipeline
