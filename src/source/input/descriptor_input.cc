#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <stop_token>
#include <utility>

#include "source/input/byte_stream.h"
#include "source/input/raw_input.h"
#include "source/input/system_error.h"

namespace ampload::source {
namespace {

// Readable once the context's stop is asked for.
class StopEvent {
 public:
  explicit StopEvent(const std::stop_token& stop) : on_stop_(stop, Write{event_.fd}) {}
  int fd() const { return event_.fd; }

 private:
  struct Event {
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    Event() = default;
    ~Event() {
      if (fd >= 0) ::close(fd);
    }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
  };
  struct Write {
    int fd;
    void operator()() const {
      const uint64_t one = 1;
      [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
    }
  };
  const Event event_;  // outlives the callback that writes to it
  const std::stop_callback<Write> on_stop_;
};

int PollTimeout(const CallContext& context) {
  using std::chrono::milliseconds;
  if (context.deadline == std::chrono::steady_clock::time_point::max()) return -1;
  const auto left =
      std::chrono::ceil<milliseconds>(context.deadline - std::chrono::steady_clock::now());
  return static_cast<int>(
      std::clamp(left, milliseconds(0), milliseconds(std::chrono::hours(1))).count());
}

class DescriptorStream final : public ByteStream {
 public:
  DescriptorStream(int descriptor, std::string path, std::shared_ptr<ReadContext> context,
                   arrow::MemoryPool* pool)
      : ByteStream(pool),
        descriptor_(descriptor),
        path_(std::move(path)),
        context_(std::move(context)) {}

 private:
  Result<int64_t> ReadSome(int64_t count, uint8_t* out) override {
    const CallContext context = context_->Get();
    for (;;) {
      ARROW_RETURN_NOT_OK(WaitUntilReadable(context));
      const ssize_t got = ::read(descriptor_, out, static_cast<size_t>(count));
      if (got >= 0) return got;
      if (errno != EINTR && errno != EAGAIN) return Failed();
    }
  }

  Status WaitUntilReadable(const CallContext& context) const {
    const StopEvent stop(context.stop);
    if (stop.fd() < 0) return SystemError("cannot wait for input", path_);
    std::array<pollfd, 2> wait = {pollfd{descriptor_, POLLIN, 0}, pollfd{stop.fd(), POLLIN, 0}};
    for (;;) {
      ARROW_RETURN_NOT_OK(context.Check());
      if (::poll(wait.data(), wait.size(), PollTimeout(context)) < 0 && errno != EINTR) {
        return SystemError("cannot wait for input", path_);
      }
      // What is left after a hang-up, and the end itself, are for read() to tell.
      if (wait[0].revents != 0) return context.Check();
    }
  }

  Status Failed() const {
    if (errno == EBADF) {
      return PermanentError("source: standard input is closed: give it a file or a pipe: path=" +
                            path_);
    }
    return SystemError("cannot read", path_);
  }

  const int descriptor_;
  const std::string path_;
  const std::shared_ptr<ReadContext> context_;
};

class DescriptorInput final : public RawInput {
 public:
  DescriptorInput(int descriptor, std::string path, std::shared_ptr<ReadContext> context,
                  arrow::MemoryPool* pool)
      : descriptor_(descriptor),
        path_(std::move(path)),
        context_(std::move(context)),
        pool_(pool) {}

  const std::string& path() const override { return path_; }
  std::optional<int64_t> bytes() const override { return std::nullopt; }

  Result<std::shared_ptr<arrow::io::InputStream>> OpenStream() override {
    if (std::exchange(opened_, true)) return Status::Invalid("standard input is read once");
    return std::make_shared<DescriptorStream>(descriptor_, path_, context_, pool_);
  }
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenRandomAccess() override {
    return nullptr;
  }

 private:
  const int descriptor_;
  const std::string path_;
  const std::shared_ptr<ReadContext> context_;
  arrow::MemoryPool* const pool_;
  bool opened_ = false;
};

}  // namespace

std::unique_ptr<RawInput> MakeDescriptorInput(int descriptor, std::string path,
                                              std::shared_ptr<ReadContext> context,
                                              arrow::MemoryPool* pool) {
  return std::make_unique<DescriptorInput>(descriptor, std::move(path), std::move(context), pool);
}

}  // namespace ampload::source
