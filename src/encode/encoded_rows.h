// What every row encoder makes: the rows of one batch, end to end in one buffer.
#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace ampload::encode {

// Row i is bytes[offsets[i], offsets[i + 1]). `offsets` has one entry more than there are rows.
struct EncodedRows {
  std::shared_ptr<arrow::Buffer> bytes;
  std::vector<int64_t> offsets = {0};

  int64_t num_rows() const { return static_cast<int64_t>(offsets.size()) - 1; }
  int64_t size_bytes() const { return offsets.back(); }
  std::string_view row(int64_t i) const {
    const auto index = static_cast<size_t>(i);
    return {reinterpret_cast<const char*>(bytes->data()) + offsets[index],
            static_cast<size_t>(offsets[index + 1] - offsets[index])};
  }
};

}  // namespace ampload::encode
