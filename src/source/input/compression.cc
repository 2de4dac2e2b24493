#include "source/input/compression.h"

#include <arrow/util/compression.h>
#include <fmt/format.h>

#include <utility>

#include "source/input/byte_stream.h"

namespace ampload::source {
namespace {

constexpr std::string_view kGzip = "\x1f\x8b";
constexpr std::string_view kZstd = "\x28\xb5\x2f\xfd";
// A zstd frame of another's data, which pzstd puts first:  5? 2A 4D 18
constexpr std::string_view kZstdSkippable = "\x2a\x4d\x18";

constexpr int64_t kBlock = 256 << 10;

bool IsSkippable(std::string_view head) {
  return !head.empty() && (static_cast<unsigned char>(head[0]) & 0xf0) == 0x50 &&
         head.substr(1).starts_with(kZstdSkippable);
}

Status Truncated(Compression compression, const std::string& path) {
  return PermanentError(
      fmt::format("source: truncated {} data: it ends before its end mark; copy or write the file "
                  "again: path={}",
                  ToString(compression), path));
}

class DecompressedStream final : public ByteStream {
 public:
  DecompressedStream(std::shared_ptr<arrow::io::InputStream> compressed, Compression compression,
                     std::unique_ptr<arrow::util::Codec> codec,
                     std::shared_ptr<arrow::util::Decompressor> decompressor, std::string path,
                     arrow::MemoryPool* pool)
      : ByteStream(pool),
        compressed_(std::move(compressed)),
        compression_(compression),
        codec_(std::move(codec)),
        decompressor_(std::move(decompressor)),
        path_(std::move(path)) {}

 private:
  Result<int64_t> ReadSome(int64_t count, uint8_t* out) override {
    while (!ended_) {
      const int64_t left = input_ == nullptr ? 0 : input_->size() - used_;
      if (decompressor_->IsFinished()) {
        if (left == 0) {
          ARROW_RETURN_NOT_OK(Refill());
          ended_ = input_->size() == 0;
          continue;
        }
        // Another member follows.
        if (Status status = decompressor_->Reset(); !status.ok()) return Damaged(status);
      }
      const uint8_t* from = left == 0 ? &kNothing : input_->data() + used_;
      auto step = decompressor_->Decompress(left, from, count, out);
      if (!step.ok()) return Damaged(step.status());
      used_ += step->bytes_read;
      if (step->bytes_written > 0) return step->bytes_written;
      if (decompressor_->IsFinished() || step->bytes_read > 0) continue;
      // Only now is it known that no more comes out of what was put in.
      if (left > 0) return Damaged(Status::Invalid("the decompressor does not go on"));
      ARROW_RETURN_NOT_OK(Refill());
      if (input_->size() == 0) return Truncated(compression_, path_);
    }
    return 0;
  }

  Status Refill() {
    input_.reset();
    ARROW_ASSIGN_OR_RAISE(input_, compressed_->Read(kBlock));
    used_ = 0;
    return Status::OK();
  }

  Status Damaged(const Status& cause) const {
    if (cause.IsOutOfMemory()) return cause;
    return PermanentError(
        fmt::format("source: damaged {} data; copy or write the file again: {}: path={}",
                    ToString(compression_), MessageOf(cause), path_));
  }

  Status CloseImpl() override {
    input_.reset();
    return compressed_->Close();
  }

  static constexpr uint8_t kNothing = 0;

  const std::shared_ptr<arrow::io::InputStream> compressed_;
  const Compression compression_;
  const std::unique_ptr<arrow::util::Codec> codec_;
  const std::shared_ptr<arrow::util::Decompressor> decompressor_;
  const std::string path_;
  std::shared_ptr<arrow::Buffer> input_;
  int64_t used_ = 0;  // of input_
  bool ended_ = false;
};

}  // namespace

std::string_view ToString(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return "uncompressed";
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "zstd";
  }
  return "unknown";
}

Result<Compression> DetectCompression(std::string_view head, const std::string& path) {
  if (head.starts_with(kGzip)) return Compression::kGzip;
  if (head.starts_with(kZstd) || (head.size() >= 4 && IsSkippable(head))) return Compression::kZstd;
  // Shorter than its magic number: no text starts like that, but for a lone parenthesis.
  const bool named = path.ends_with(".zst") || path.ends_with(".zstd");
  if (!head.empty() && kGzip.starts_with(head)) return Truncated(Compression::kGzip, path);
  if (head.size() < kZstd.size() && kZstd.starts_with(head) && (head.size() > 1 || named)) {
    if (!head.empty()) return Truncated(Compression::kZstd, path);
  }
  return Compression::kNone;
}

Result<std::shared_ptr<arrow::io::InputStream>> Decompressed(
    std::shared_ptr<arrow::io::InputStream> compressed, Compression compression, std::string path,
    arrow::MemoryPool* pool) {
  if (compression == Compression::kNone) return compressed;
  const auto type =
      compression == Compression::kGzip ? arrow::Compression::GZIP : arrow::Compression::ZSTD;
  ARROW_ASSIGN_OR_RAISE(auto codec, arrow::util::Codec::Create(type));
  ARROW_ASSIGN_OR_RAISE(auto decompressor, codec->MakeDecompressor());
  return std::make_shared<DecompressedStream>(std::move(compressed), compression, std::move(codec),
                                              std::move(decompressor), std::move(path), pool);
}

}  // namespace ampload::source
