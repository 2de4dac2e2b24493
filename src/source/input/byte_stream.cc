#include "source/input/byte_stream.h"

#include <algorithm>
#include <cstring>

namespace ampload::source {
namespace {

// What is allocated at once for a read whose end is not known to exist.
constexpr int64_t kFirstAllocation = 4 << 20;

class FileStream final : public ByteStream {
 public:
  FileStream(std::shared_ptr<arrow::io::RandomAccessFile> file, int64_t size,
             arrow::MemoryPool* pool)
      : ByteStream(pool), file_(std::move(file)), size_(size) {}

 private:
  Result<int64_t> ReadSome(int64_t count, uint8_t* out) override {
    const int64_t wanted = std::min(count, size_ - next_);
    if (wanted == 0) return 0;
    ARROW_ASSIGN_OR_RAISE(const int64_t got, file_->ReadAt(next_, wanted, out));
    next_ += got;
    return got;
  }
  Status CloseImpl() override { return file_->Close(); }

  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  const int64_t size_;
  int64_t next_ = 0;
};

class ReplayedStream final : public ByteStream {
 public:
  ReplayedStream(std::string head, std::shared_ptr<arrow::io::InputStream> rest,
                 arrow::MemoryPool* pool)
      : ByteStream(pool), head_(std::move(head)), rest_(std::move(rest)) {}

 private:
  Result<int64_t> ReadSome(int64_t count, uint8_t* out) override {
    const auto left = static_cast<int64_t>(head_.size()) - given_;
    if (left == 0) return rest_->Read(count, out);
    const int64_t now = std::min(count, left);
    std::memcpy(out, head_.data() + given_, static_cast<size_t>(now));
    given_ += now;
    if (given_ == static_cast<int64_t>(head_.size())) {
      head_ = std::string();
      given_ = 0;
    }
    return now;
  }
  Status CloseImpl() override { return rest_->Close(); }

  std::string head_;
  int64_t given_ = 0;
  const std::shared_ptr<arrow::io::InputStream> rest_;
};

}  // namespace

Status ByteStream::Close() {
  if (closed_) return Status::OK();
  closed_ = true;
  return CloseImpl();
}

Result<int64_t> ByteStream::Read(int64_t count, void* out) {
  if (closed_) return Status::Invalid("the stream is closed");
  int64_t done = 0;
  while (done < count) {
    ARROW_ASSIGN_OR_RAISE(const int64_t got,
                          ReadSome(count - done, static_cast<uint8_t*>(out) + done));
    if (got == 0) break;
    done += got;
  }
  position_ += done;
  return done;
}

Result<std::shared_ptr<arrow::Buffer>> ByteStream::Read(int64_t count) {
  if (count < 0) return Status::Invalid("a negative number of bytes is asked for");
  int64_t room = std::min(count, kFirstAllocation);
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::ResizableBuffer> buffer,
                        arrow::AllocateResizableBuffer(room, pool_));
  int64_t done = 0;
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, Read(room - done, buffer->mutable_data() + done));
    done += got;
    if (done < room || room == count) break;
    // The last step goes to the exact size, so that a large read ends without room to spare.
    room = count - room <= room ? count : room * 2;
    ARROW_RETURN_NOT_OK(buffer->Resize(room, /*shrink_to_fit=*/false));
  }
  ARROW_RETURN_NOT_OK(buffer->Resize(done, /*shrink_to_fit=*/done < count));
  buffer->ZeroPadding();
  return buffer;
}

Status ByteFile::Seek(int64_t position) {
  if (position < 0 || position > size_) return Status::Invalid("a seek outside of the file");
  position_ = position;
  return Status::OK();
}

Result<int64_t> ByteFile::CutToSize(int64_t position, int64_t count) const {
  if (closed()) return Status::Invalid("the file is closed");
  if (position < 0 || count < 0) return Status::Invalid("a read before the start of the file");
  return std::min(count, size_ - std::min(position, size_));
}

Result<int64_t> ByteFile::Read(int64_t count, void* out) {
  ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position_, count, out));
  position_ += got;
  return got;
}

Result<std::shared_ptr<arrow::Buffer>> ByteFile::Read(int64_t count) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, count));
  position_ += buffer->size();
  return buffer;
}

Result<int64_t> ByteFile::ReadAt(int64_t position, int64_t count, void* out) {
  ARROW_ASSIGN_OR_RAISE(const int64_t there, CutToSize(position, count));
  if (there > 0) ARROW_RETURN_NOT_OK(ReadWhole(position, there, static_cast<uint8_t*>(out)));
  return there;
}

Result<std::shared_ptr<arrow::Buffer>> ByteFile::ReadAt(int64_t position, int64_t count) {
  ARROW_ASSIGN_OR_RAISE(const int64_t there, CutToSize(position, count));
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(there, pool_));
  if (there > 0) ARROW_RETURN_NOT_OK(ReadWhole(position, there, buffer->mutable_data()));
  buffer->ZeroPadding();
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

arrow::Future<std::shared_ptr<arrow::Buffer>> ByteFile::ReadAsync(
    const arrow::io::IOContext& /*context*/, int64_t position, int64_t count,
    bool allow_short_read) {
  using Read = arrow::Future<std::shared_ptr<arrow::Buffer>>;
  auto buffer = ReadAt(position, count);
  if (buffer.ok() && !allow_short_read && (*buffer)->size() < count) {
    return Read::MakeFinished(Status::Invalid("a piece of the file is missing: it has ", size_,
                                              " bytes, wanted are ", count, " from byte ",
                                              position));
  }
  return Read::MakeFinished(std::move(buffer));
}

arrow::Future<std::shared_ptr<arrow::Buffer>> ByteFile::ReadAsync(
    const arrow::io::IOContext& context, int64_t position, int64_t count) {
  return ReadAsync(context, position, count, /*allow_short_read=*/true);
}

std::shared_ptr<arrow::io::InputStream> StreamOf(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                 int64_t size, arrow::MemoryPool* pool) {
  return std::make_shared<FileStream>(std::move(file), size, pool);
}

std::shared_ptr<arrow::io::InputStream> Replayed(std::string head,
                                                 std::shared_ptr<arrow::io::InputStream> rest,
                                                 arrow::MemoryPool* pool) {
  return std::make_shared<ReplayedStream>(std::move(head), std::move(rest), pool);
}

Result<std::string> ReadText(arrow::io::InputStream* stream, int64_t count) {
  constexpr int64_t kStep = 64 << 10;
  std::string text;
  while (static_cast<int64_t>(text.size()) < count) {
    const size_t before = text.size();
    const int64_t step = std::min(count - static_cast<int64_t>(before), kStep);
    text.resize(before + static_cast<size_t>(step));
    ARROW_ASSIGN_OR_RAISE(const int64_t got, stream->Read(step, text.data() + before));
    text.resize(before + static_cast<size_t>(got));
    if (got < step) break;
  }
  return text;
}

}  // namespace ampload::source
