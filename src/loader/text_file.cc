#include "loader/text_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace ampload {
namespace {

class File {
 public:
  explicit File(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

Status Unreadable(const std::string& path, int error) {
  return ConfigurationError("cannot be read: " + std::generic_category().message(error) +
                            ": file=" + path);
}

}  // namespace

Result<std::string> ReadTextFile(const std::string& path, size_t max_bytes) {
  const File file(path);
  if (file.fd() < 0) return Unreadable(path, errno);
  std::string text;
  char buffer[4096];
  while (true) {
    const ssize_t count = read(file.fd(), buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Unreadable(path, errno);
    if (count == 0) return text;
    text.append(buffer, static_cast<size_t>(count));
    if (text.size() > max_bytes) {
      return ConfigurationError("longer than " + std::to_string(max_bytes) +
                                " bytes: file=" + path);
    }
  }
}

}  // namespace ampload
