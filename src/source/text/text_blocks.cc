#include "source/text/text_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace ampload::source {

Status TextBlocks::Fill(int64_t bytes) {
  const auto want = static_cast<size_t>(bytes);
  if (at_end_ || end_ - begin_ >= want) return Status::OK();
  if (buffer_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(buffer_, arrow::AllocateResizableBuffer(bytes, pool_));
  }
  if (begin_ > 0) {
    std::memmove(buffer_->mutable_data(), buffer_->data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (static_cast<int64_t>(end_) < bytes && buffer_->size() < bytes) {
    ARROW_RETURN_NOT_OK(buffer_->Resize(bytes));
  }
  while (end_ < want) {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, stream_->Read(static_cast<int64_t>(want - end_),
                                                           buffer_->mutable_data() + end_));
    if (got == 0) {
      at_end_ = true;
      break;
    }
    end_ += static_cast<size_t>(got);
  }
  return Status::OK();
}

int64_t BlockBytes(int64_t batch_bytes) {
  return std::clamp<int64_t>(batch_bytes, int64_t{4} << 10, int64_t{256} << 10);
}

int64_t MostRecordBytes(int64_t batch_bytes) {
  constexpr int64_t kLeast = int64_t{64} << 10;
  constexpr int64_t kMost = int64_t{1} << 30;
  return batch_bytes >= kMost / 4 ? kMost : std::max(kLeast, batch_bytes * 4);
}

Status RecordTooLarge(std::string_view path, int64_t line, int64_t most, std::string_view advice) {
  return DataError(fmt::format(
      "{} line {}: the record that begins here does not fit into the memory for one record; {}"
      "raise --memory: bytes_allowed={}",
      path, line, advice, most));
}

Result<size_t> ByteOrderMark(std::string_view text, std::string_view path) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return DataError(fmt::format(
        "{}: the text is UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)", path));
  }
  return text.starts_with("\xEF\xBB\xBF") ? size_t{3} : size_t{0};
}

}  // namespace ampload::source
