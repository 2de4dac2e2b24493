// Files and folders of this machine by system calls: whole writes, durable names. Paths are
// absolute. Nothing here waits but for the disk; interrupted calls go on. Failures are those of
// system_error.h.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "ampload/status.h"
#include "lake/object_store.h"

namespace ampload::lake {

// Owns an open file; closes it.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }
  // The system may say only now that a write failed. `path` is for the message.
  Status Close(const std::string& path);

 private:
  int fd_ = -1;
};

// Makes a file that must be new, or fails with the code "EEXIST".
Result<Descriptor> CreateNew(const std::string& path);
Status WriteAll(const Descriptor& file, std::string_view bytes, const std::string& path);
Status SyncFile(const Descriptor& file, const std::string& path);
Status SyncFolder(const std::string& folder);

// Makes the folder and those above it as needed. With kPower all names from `durable_from` (one of
// those above, or the folder itself) down are made durable, and those of all that were made here.
Status MakeFolders(const std::string& folder, const std::string& durable_from,
                   Durability durability);

// A file of ours that nobody may see: a new name in the folder, and how to know one.
std::string TemporaryName(const std::string& folder);
bool IsTemporaryName(std::string_view name);

// Gives the temporary file a second name, or its only one, unless that is taken. kUnknown: a file
// system of a network gave no answer. What is left of the temporary file is removed.
Result<PutOutcome> Publish(const Descriptor& file, const std::string& temporary,
                           const std::string& target);

}  // namespace ampload::lake
