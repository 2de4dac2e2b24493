#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "source/input/byte_stream.h"
#include "source/input/compression.h"
#include "source/input/raw_input.h"

namespace ampload::source {
namespace {

// Kept of a remote file, for its format is found out in several steps.
constexpr int64_t kRemoteHead = 1024;

// An input that can be opened again and again.
class ManyTimes final : public InputFile {
 public:
  ManyTimes(std::unique_ptr<RawInput> raw, Compression compression, std::string head,
            arrow::MemoryPool* pool)
      : raw_(std::move(raw)), compression_(compression), head_(std::move(head)), pool_(pool) {}

  const std::string& path() const override { return raw_->path(); }
  Compression compression() const override { return compression_; }
  std::optional<int64_t> bytes() const override { return raw_->bytes(); }
  bool remote() const override { return raw_->remote(); }

  Result<std::string> Peek(int64_t count) override {
    if (compression_ == Compression::kNone && count <= static_cast<int64_t>(head_.size())) {
      return head_.substr(0, static_cast<size_t>(count));
    }
    ARROW_ASSIGN_OR_RAISE(const auto stream, OpenStream());
    ARROW_ASSIGN_OR_RAISE(auto head, ReadText(stream.get(), count));
    ARROW_RETURN_NOT_OK(stream->Close());
    return head;
  }

  Result<std::shared_ptr<arrow::io::InputStream>> OpenStream() override {
    ARROW_ASSIGN_OR_RAISE(auto stream, raw_->OpenStream());
    return Decompressed(std::move(stream), compression_, path(), pool_);
  }

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenRandomAccess() override {
    if (compression_ != Compression::kNone) {
      return ConfigurationError(fmt::format(
          "source: a file with a footer cannot be read through {}; decompress it first: path={}",
          ToString(compression_), path()));
    }
    return raw_->OpenRandomAccess();
  }

  Status CheckUnchanged() override { return raw_->CheckUnchanged(); }

 private:
  const std::unique_ptr<RawInput> raw_;
  const Compression compression_;
  const std::string head_;  // of the stored bytes
  arrow::MemoryPool* const pool_;
};

// An input whose bytes come once: what was looked at is kept until it is read.
class Once final : public InputFile {
 public:
  Once(std::unique_ptr<RawInput> raw, Compression compression,
       std::shared_ptr<arrow::io::InputStream> stream, arrow::MemoryPool* pool)
      : raw_(std::move(raw)), compression_(compression), stream_(std::move(stream)), pool_(pool) {}

  const std::string& path() const override { return raw_->path(); }
  Compression compression() const override { return compression_; }
  std::optional<int64_t> bytes() const override { return std::nullopt; }
  bool remote() const override { return raw_->remote(); }

  Result<std::string> Peek(int64_t count) override {
    if (stream_ == nullptr) return Status::Invalid("peek behind the start of standard input");
    const auto known = static_cast<int64_t>(head_.size());
    if (known < count) {
      ARROW_ASSIGN_OR_RAISE(const auto more, ReadText(stream_.get(), count - known));
      head_ += more;
    }
    return head_.substr(0, static_cast<size_t>(count));
  }

  Result<std::shared_ptr<arrow::io::InputStream>> OpenStream() override {
    if (stream_ == nullptr) return Status::Invalid("standard input can be read once only");
    return Replayed(std::exchange(head_, {}), std::exchange(stream_, nullptr), pool_);
  }

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenRandomAccess() override {
    return ConfigurationError(fmt::format(
        "source: a file with a footer cannot be read from standard input; give its path: path={}",
        path()));
  }

  Status CheckUnchanged() override { return Status::OK(); }

 private:
  const std::unique_ptr<RawInput> raw_;
  const Compression compression_;
  std::string head_;  // read from stream_ already, decompressed
  std::shared_ptr<arrow::io::InputStream> stream_;
  arrow::MemoryPool* const pool_;
};

Status Empty(const RawInput& raw) {
  if (raw.bytes().has_value()) {
    return PermanentError(fmt::format("source: empty file: path={}", raw.path()));
  }
  return PermanentError(fmt::format(
      "source: standard input is empty: the program before it wrote nothing: path={}", raw.path()));
}

}  // namespace

Result<std::unique_ptr<InputFile>> MakeInputFile(std::unique_ptr<RawInput> raw,
                                                 arrow::MemoryPool* pool) {
  if (raw->bytes() == 0) return Empty(*raw);
  ARROW_ASSIGN_OR_RAISE(auto stream, raw->OpenStream());
  const int64_t looked_at = raw->remote() ? kRemoteHead : kCompressionMagic;
  ARROW_ASSIGN_OR_RAISE(auto head, ReadText(stream.get(), looked_at));
  if (head.empty()) return Empty(*raw);
  ARROW_ASSIGN_OR_RAISE(const auto compression, DetectCompression(head, raw->path()));
  if (raw->bytes().has_value()) {
    ARROW_RETURN_NOT_OK(stream->Close());
    return std::make_unique<ManyTimes>(std::move(raw), compression, std::move(head), pool);
  }
  auto whole = Replayed(std::move(head), std::move(stream), pool);
  ARROW_ASSIGN_OR_RAISE(auto decompressed,
                        Decompressed(std::move(whole), compression, raw->path(), pool));
  return std::make_unique<Once>(std::move(raw), compression, std::move(decompressed), pool);
}

}  // namespace ampload::source
