// A stream's text in a buffer that slides: what was read and is not yet taken.
//
//   buffer   | taken | text() ............. | free |
//                    ^ Take moves this on    ^ Fill reads behind this
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "ampload/status.h"

namespace ampload::source {

class TextBlocks {
 public:
  TextBlocks(std::shared_ptr<arrow::io::InputStream> stream, arrow::MemoryPool* pool)
      : stream_(std::move(stream)), pool_(pool) {}

  // Valid until the next Fill.
  std::string_view text() const {
    return {reinterpret_cast<const char*>(buffer_ ? buffer_->data() : nullptr) + begin_,
            end_ - begin_};
  }
  // No byte will come behind text().
  bool at_end() const { return at_end_; }

  // Until text() has `bytes` or the stream ends.
  Status Fill(int64_t bytes);
  // The first `bytes` of text() are done with.
  void Take(size_t bytes) { begin_ += bytes; }

 private:
  const std::shared_ptr<arrow::io::InputStream> stream_;
  arrow::MemoryPool* const pool_;
  std::unique_ptr<arrow::ResizableBuffer> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool at_end_ = false;
};

// How much is read at once, and the most that one record may have, for batches of this size.
int64_t BlockBytes(int64_t batch_bytes);
int64_t MostRecordBytes(int64_t batch_bytes);

// "logs.csv line 7: a record of more than 65536 bytes; ..."
Status RecordTooLarge(std::string_view path, int64_t line, int64_t most, std::string_view advice);

// The bytes of a byte order mark at the front: 3 or 0. A data error where the text is UTF-16.
Result<size_t> ByteOrderMark(std::string_view text, std::string_view path);

}  // namespace ampload::source
