#include "source/file/file_format.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace ampload::source {
namespace {

// A Parquet file:   PAR1 | pages ... | footer | its length, 4 bytes little endian | PAR1
constexpr std::string_view kMagic = "PAR1";
constexpr std::string_view kEncryptedMagic = "PARE";
constexpr int64_t kTail = 8;
constexpr int64_t kSmallest = 12;

class OpenFile {
 public:
  explicit OpenFile(const std::string& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Status SystemError(std::string_view what, const std::string& path) {
  const int code = errno;
  return PermanentError(fmt::format("source: {}: {}: path={}", what, std::strerror(code), path),
                        code == EACCES ? "EACCES" : fmt::format("errno {}", code));
}

// Fewer bytes only at the end of the file.
Result<std::string> ReadAt(int fd, int64_t offset, int64_t count, const std::string& path) {
  std::string bytes(static_cast<size_t>(count), '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got =
        ::pread(fd, bytes.data() + done, bytes.size() - done, offset + static_cast<int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("cannot read the file", path);
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

std::string_view GuessFormat(std::string_view head) {
  if (head.starts_with("ARROW1")) return "an Arrow IPC file";
  if (head.starts_with("\xff\xff\xff\xff")) return "an Arrow IPC stream";
  if (head.starts_with("\x1f\x8b")) return "gzip";
  if (head.starts_with("\x28\xb5\x2f\xfd")) return "zstd";
  if (head.starts_with("PK\x03\x04")) return "zip";
  if (head.starts_with("ORC")) return "ORC";
  if (head.starts_with("Obj\x01")) return "Avro";
  if (head.starts_with("{") || head.starts_with("[")) return "JSON";
  const bool text = std::all_of(head.begin(), head.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r' || c == '\t';
  });
  return text ? "text" : "";
}

Status NotParquet(std::string_view head, const std::string& path) {
  const auto guess = GuessFormat(head);
  return ConfigurationError(
      fmt::format("source: not a Parquet file, and only Parquet can be read today{}{}: path={}",
                  guess.empty() ? "" : "; it looks like ", guess, path));
}

Status Truncated(const std::string& path, int64_t size) {
  return PermanentError(
      fmt::format("source: truncated Parquet file: the footer is missing; copy or write the file "
                  "again: path={} size={}",
                  path, size));
}

}  // namespace

Result<ProbedFile> ProbeFile(const std::string& path) {
  const OpenFile file(path);
  if (file.fd() < 0) return SystemError("cannot open the file", path);
  struct stat info = {};
  if (::fstat(file.fd(), &info) != 0) return SystemError("cannot read the file", path);
  if (!S_ISREG(info.st_mode)) {
    return ConfigurationError(fmt::format("source: not a regular file: path={}", path));
  }
  const auto size = static_cast<int64_t>(info.st_size);
  if (size == 0) return PermanentError(fmt::format("source: empty file: path={}", path));

  ARROW_ASSIGN_OR_RAISE(const std::string head, ReadAt(file.fd(), 0, std::min(size, kTail), path));
  const std::string_view magic = std::string_view(head).substr(0, kMagic.size());
  if (magic == kEncryptedMagic) {
    return PermanentError(fmt::format(
        "source: Parquet file with an encrypted footer, which cannot be read: path={}", path));
  }
  if (!kMagic.starts_with(magic)) return NotParquet(head, path);
  if (size < kSmallest) return Truncated(path, size);

  ARROW_ASSIGN_OR_RAISE(const std::string tail, ReadAt(file.fd(), size - kTail, kTail, path));
  if (static_cast<int64_t>(tail.size()) != kTail || !tail.ends_with(kMagic)) {
    return Truncated(path, size);
  }
  uint32_t footer = 0;
  for (size_t i = 4; i-- > 0;) footer = footer << 8 | static_cast<unsigned char>(tail[i]);
  if (static_cast<int64_t>(footer) > size - kSmallest) {
    return PermanentError(
        fmt::format("source: damaged Parquet file: its footer is said to be larger than the file; "
                    "copy or write the file again: path={} size={} footer={}",
                    path, size, footer));
  }
  return ProbedFile{FileFormat::kParquet, size};
}

}  // namespace ampload::source
