#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "source/input/background.h"
#include "source/input/byte_stream.h"
#include "source/input/raw_input.h"
#include "source/input/s3_bucket.h"

namespace ampload::source {
namespace {

constexpr int64_t kFirstBlock = 64 << 10;  // one who looks at the head alone gets little more
constexpr int64_t kBlock = 4 << 20;  // of a stream, which holds two; the most that is asked at once

constexpr uint8_t kUntouched = 0xa5;  // rare in text and in the ends of files

using BufferPtr = std::shared_ptr<arrow::Buffer>;

// Arrow says that it read all it was asked for also where the answer was shorter, and leaves the
// rest of the memory as it was. The last byte tells: where it looks untouched, it is asked for
// again over another value.
Result<bool> LastByteCame(arrow::io::RandomAccessFile* file, int64_t position, uint8_t last) {
  constexpr uint8_t kOther = static_cast<uint8_t>(~kUntouched);
  if (last != kUntouched) return true;
  uint8_t again = kOther;
  ARROW_ASSIGN_OR_RAISE(const int64_t got, file->ReadAt(position, 1, &again));
  return got == 1 && again != kOther;
}

// Asks for bytes that are known to be there, in Arrow's own pool: an abandoned request outlives the
// load's.
auto Request(std::shared_ptr<arrow::io::RandomAccessFile> file, int64_t position, int64_t count) {
  return [file = std::move(file), position, count]() -> Result<BufferPtr> {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(count, arrow::default_memory_pool()));
    uint8_t& last = buffer->mutable_data()[count - 1];
    last = kUntouched;
    ARROW_ASSIGN_OR_RAISE(const int64_t got, file->ReadAt(position, count, buffer->mutable_data()));
    ARROW_ASSIGN_OR_RAISE(const bool whole, LastByteCame(file.get(), position + count - 1, last));
    if (got != count || !whole) {
      return Status::IOError("the body was cut short: position=", position, " wanted=", count);
    }
    return BufferPtr(std::move(buffer));
  };
}

Result<BufferPtr> Checked(const S3Bucket& bucket, const S3Object& object,
                          Result<BufferPtr> answer) {
  if (answer.ok()) return answer;
  return bucket.Failure("reading the object", object.key, answer.status());
}

class ObjectFile final : public ByteFile {
 public:
  ObjectFile(std::shared_ptr<const S3Bucket> bucket, S3Object object,
             std::shared_ptr<arrow::io::RandomAccessFile> file, arrow::MemoryPool* pool)
      : ByteFile(object.bytes, pool),
        bucket_(std::move(bucket)),
        object_(std::move(object)),
        file_(std::move(file)) {}

  Status Close() override {
    file_.reset();
    return Status::OK();
  }
  bool closed() const override { return file_ == nullptr; }

 private:
  Status ReadWhole(int64_t position, int64_t count, uint8_t* out) override {
    for (int64_t done = 0; done < count;) {
      const int64_t now = std::min(count - done, kBlock);
      ARROW_ASSIGN_OR_RAISE(
          const auto bytes,
          Checked(*bucket_, object_,
                  InBackground(bucket_->context(), Request(file_, position + done, now))));
      std::memcpy(out + done, bytes->data(), static_cast<size_t>(now));
      done += now;
    }
    return Status::OK();
  }

  const std::shared_ptr<const S3Bucket> bucket_;
  const S3Object object_;
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
};

// Reads one block ahead.
class ObjectStream final : public ByteStream {
 public:
  ObjectStream(std::shared_ptr<const S3Bucket> bucket, S3Object object,
               std::shared_ptr<arrow::io::RandomAccessFile> file, arrow::MemoryPool* pool)
      : ByteStream(pool),
        bucket_(std::move(bucket)),
        object_(std::move(object)),
        file_(std::move(file)) {}

 private:
  Result<int64_t> ReadSome(int64_t count, uint8_t* out) override {
    if (block_ == nullptr || used_ == block_->size()) {
      block_.reset();
      const bool first = position_ == 0;
      if (!next_.has_value()) {
        ARROW_RETURN_NOT_OK(Ask(first ? std::clamp(count, kFirstBlock, kBlock) : kBlock));
      }
      if (!next_.has_value()) return 0;
      const auto asked = *std::exchange(next_, std::nullopt);
      ARROW_ASSIGN_OR_RAISE(block_, Checked(*bucket_, object_, Await(asked, bucket_->context())));
      used_ = 0;
      if (!first) ARROW_RETURN_NOT_OK(Ask(kBlock));
    }
    const int64_t now = std::min(count, block_->size() - used_);
    std::memcpy(out, block_->data() + used_, static_cast<size_t>(now));
    used_ += now;
    return now;
  }

  Status Ask(int64_t count) {
    count = std::min(count, object_.bytes - position_);
    if (count == 0) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(next_, InBackground(Request(file_, position_, count)));
    position_ += count;
    return Status::OK();
  }

  const std::shared_ptr<const S3Bucket> bucket_;
  const S3Object object_;
  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  int64_t position_ = 0;  // behind what was asked for
  std::optional<arrow::Future<BufferPtr>> next_;
  BufferPtr block_;
  int64_t used_ = 0;
};

class ObjectInput final : public RawInput {
 public:
  ObjectInput(std::shared_ptr<const S3Bucket> bucket, S3Object object, arrow::MemoryPool* pool)
      : bucket_(std::move(bucket)),
        object_(std::move(object)),
        path_(bucket_->uri().Shown(object_.key)),
        pool_(pool) {}

  const std::string& path() const override { return path_; }
  std::optional<int64_t> bytes() const override { return object_.bytes; }
  bool remote() const override { return true; }

  Result<std::shared_ptr<arrow::io::InputStream>> OpenStream() override {
    ARROW_ASSIGN_OR_RAISE(auto file, bucket_->OpenFile(object_));
    return std::make_shared<ObjectStream>(bucket_, object_, std::move(file), pool_);
  }
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenRandomAccess() override {
    ARROW_ASSIGN_OR_RAISE(auto file, bucket_->OpenFile(object_));
    return std::make_shared<ObjectFile>(bucket_, object_, std::move(file), pool_);
  }

  // Each request could have met another version of the object. One that was deleted was read whole.
  Status CheckUnchanged() override {
    ARROW_ASSIGN_OR_RAISE(const auto now, bucket_->Find(object_.key));
    if (!now.has_value() || (now->bytes == object_.bytes && now->changed == object_.changed)) {
      return Status::OK();
    }
    return PermanentError(
        fmt::format("source: the object changed while it was loaded: path={}", path_));
  }

 private:
  const std::shared_ptr<const S3Bucket> bucket_;
  const S3Object object_;
  const std::string path_;
  arrow::MemoryPool* const pool_;
};

}  // namespace

std::unique_ptr<RawInput> S3Bucket::OpenObject(S3Object object, arrow::MemoryPool* pool) const {
  return std::make_unique<ObjectInput>(shared_from_this(), std::move(object), pool);
}

}  // namespace ampload::source
