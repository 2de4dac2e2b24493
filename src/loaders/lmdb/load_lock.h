// Tells a live load from a dead one.
//
// Each load holds an open-file-description lock on one byte of DIR/ampload.lock; the byte's offset
// comes from the load's nonce. The kernel drops the lock when the process dies, however it dies.
// The file stays, empty.
#pragma once

#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::lmdb {

class LoadLock {
 public:
  // Takes the byte of `nonce`; held until destruction.
  static Result<LoadLock> Take(const std::string& folder, std::string_view nonce);

  // True while some process (or another LoadLock of this one) holds the byte of `nonce`.
  static Result<bool> IsHeld(const std::string& folder, std::string_view nonce);

  LoadLock(LoadLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  LoadLock& operator=(LoadLock&& other) noexcept;
  ~LoadLock();

 private:
  explicit LoadLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace ampload::lmdb
