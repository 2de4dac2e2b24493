#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "source/input/byte_stream.h"
#include "source/input/raw_input.h"
#include "source/input/system_error.h"

namespace ampload::source {
namespace {

// Enough to tell that a file is another one or was written to.
struct FileState {
  dev_t device = 0;
  ino_t inode = 0;
  int64_t size = 0;
  int64_t seconds = 0;
  int64_t nanoseconds = 0;

  bool operator==(const FileState&) const = default;
  bool SameFile(const FileState& other) const {
    return device == other.device && inode == other.inode;
  }
};

FileState StateOf(const struct stat& info) {
  return {info.st_dev, info.st_ino, static_cast<int64_t>(info.st_size),
          static_cast<int64_t>(info.st_mtim.tv_sec), static_cast<int64_t>(info.st_mtim.tv_nsec)};
}

Status Changed(const std::string& path) {
  return PermanentError(fmt::format("source: the file changed while it was loaded: path={}", path));
}

class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      // A pipe is not waited for.
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() { Close(); }
  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct Opened {
  Descriptor descriptor;
  FileState state;
};

Result<Opened> Open(const std::string& path) {
  Descriptor descriptor(path);
  if (descriptor.get() < 0) return SystemError("cannot open the file", path);
  struct stat info = {};
  if (::fstat(descriptor.get(), &info) != 0) return SystemError("cannot read the file", path);
  if (!S_ISREG(info.st_mode)) {
    return ConfigurationError(fmt::format(
        "source: not a regular file (a pipe is read as standard input: -): path={}", path));
  }
  return Opened{std::move(descriptor), StateOf(info)};
}

class OpenLocal final : public ByteFile {
 public:
  OpenLocal(Opened opened, std::string path, arrow::MemoryPool* pool)
      : ByteFile(opened.state.size, pool),
        descriptor_(std::move(opened.descriptor)),
        path_(std::move(path)) {}

  Status Close() override {
    descriptor_.Close();
    return Status::OK();
  }
  bool closed() const override { return descriptor_.get() < 0; }

 private:
  Status ReadWhole(int64_t position, int64_t count, uint8_t* out) override {
    for (int64_t done = 0; done < count;) {
      const ssize_t got = ::pread(descriptor_.get(), out + done, static_cast<size_t>(count - done),
                                  position + done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return SystemError("cannot read the file", path_);
      if (got == 0) return Changed(path_);
      done += got;
    }
    return Status::OK();
  }

  Descriptor descriptor_;
  const std::string path_;
};

class LocalFile final : public RawInput {
 public:
  LocalFile(std::string path, FileState state, arrow::MemoryPool* pool)
      : path_(std::move(path)), state_(state), pool_(pool) {}

  const std::string& path() const override { return path_; }
  std::optional<int64_t> bytes() const override { return state_.size; }

  Result<std::shared_ptr<arrow::io::InputStream>> OpenStream() override {
    ARROW_ASSIGN_OR_RAISE(auto file, OpenRandomAccess());
    return StreamOf(std::move(file), state_.size, pool_);
  }

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenRandomAccess() override {
    ARROW_ASSIGN_OR_RAISE(auto opened, Open(path_));
    if (opened.state != state_) return Changed(path_);
    return std::make_shared<OpenLocal>(std::move(opened), path_, pool_);
  }

  // A file that was removed or replaced meanwhile was still read whole.
  Status CheckUnchanged() override {
    struct stat info = {};
    if (::stat(path_.c_str(), &info) != 0) return Status::OK();
    const FileState now = StateOf(info);
    return now.SameFile(state_) && now != state_ ? Changed(path_) : Status::OK();
  }

 private:
  const std::string path_;
  const FileState state_;
  arrow::MemoryPool* const pool_;
};

}  // namespace

Result<std::unique_ptr<RawInput>> OpenLocalFile(const std::string& path, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(const auto opened, Open(path));
  return std::make_unique<LocalFile>(path, opened.state, pool);
}

}  // namespace ampload::source
