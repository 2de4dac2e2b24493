// What the streams and files of this folder have in common.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <arrow/util/future.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "ampload/status.h"

namespace ampload::source {

// Bytes in order. Reads are never short but at the end, and allocate no more than about twice of
// what is there, whatever a damaged file makes its reader ask for.
class ByteStream : public arrow::io::InputStream {
 public:
  Status Close() final;
  bool closed() const final { return closed_; }
  Result<int64_t> Tell() const final { return position_; }
  Result<int64_t> Read(int64_t count, void* out) final;
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t count) final;

 protected:
  explicit ByteStream(arrow::MemoryPool* pool) : pool_(pool) {}

  // At least one byte (count is positive), or 0 at the end.
  virtual Result<int64_t> ReadSome(int64_t count, uint8_t* out) = 0;
  virtual Status CloseImpl() { return Status::OK(); }

  arrow::MemoryPool* pool() const { return pool_; }

 private:
  arrow::MemoryPool* const pool_;
  int64_t position_ = 0;
  bool closed_ = false;
};

// A file of known size. ReadAt may be called from many threads at once; a read is cut to the file's
// size before anything is allocated.
class ByteFile : public arrow::io::RandomAccessFile {
 public:
  Result<int64_t> GetSize() final { return size_; }
  Result<int64_t> Tell() const final { return position_; }
  Status Seek(int64_t position) final;
  Result<int64_t> Read(int64_t count, void* out) final;
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t count) final;
  using arrow::io::RandomAccessFile::ReadAt;
  Result<int64_t> ReadAt(int64_t position, int64_t count, void* out) final;
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t count) final;
  // In the calling thread: a read left behind by a reader that failed could outlive the pool.
  using arrow::io::RandomAccessFile::ReadAsync;
  arrow::Future<std::shared_ptr<arrow::Buffer>> ReadAsync(const arrow::io::IOContext& context,
                                                          int64_t position, int64_t count,
                                                          bool allow_short_read) final;
  arrow::Future<std::shared_ptr<arrow::Buffer>> ReadAsync(const arrow::io::IOContext& context,
                                                          int64_t position, int64_t count) final;

 protected:
  ByteFile(int64_t size, arrow::MemoryPool* pool) : size_(size), pool_(pool) {}

  // Exactly these bytes, which lie inside of the file; count is positive.
  virtual Status ReadWhole(int64_t position, int64_t count, uint8_t* out) = 0;

 private:
  Result<int64_t> CutToSize(int64_t position, int64_t count) const;

  const int64_t size_;
  arrow::MemoryPool* const pool_;
  int64_t position_ = 0;
};

// A file's bytes from the first to the last; closes the file with itself.
std::shared_ptr<arrow::io::InputStream> StreamOf(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                 int64_t size, arrow::MemoryPool* pool);

// `head`, then what `rest` still has.
std::shared_ptr<arrow::io::InputStream> Replayed(std::string head,
                                                 std::shared_ptr<arrow::io::InputStream> rest,
                                                 arrow::MemoryPool* pool);

// The next `count` bytes, fewer at the end.
Result<std::string> ReadText(arrow::io::InputStream* stream, int64_t count);

}  // namespace ampload::source
