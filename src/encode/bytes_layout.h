// Where the bytes of a row of a string or binary column are.
#pragma once

#include <arrow/array/data.h>
#include <arrow/type.h>
#include <arrow/util/binary_view_util.h>

#include <cstdint>
#include <memory>

namespace ampload::encode {

template <class Offset>
struct OffsetLayout {
  const Offset* offsets;
  const uint8_t* bytes;

  explicit OffsetLayout(const arrow::ArrayData& data)
      : offsets(data.GetValues<Offset>(1)), bytes(data.GetValues<uint8_t>(2, 0)) {}
  int64_t length(int64_t row) const { return offsets[row + 1] - offsets[row]; }
  const uint8_t* at(int64_t row) const { return bytes + offsets[row]; }
};

struct ViewLayout {
  const arrow::BinaryViewType::c_type* views;
  std::shared_ptr<const arrow::BufferVector> buffers;  // the first two are no data

  explicit ViewLayout(const arrow::ArrayData& data)
      : views(data.GetValues<arrow::BinaryViewType::c_type>(1)),
        buffers(std::make_shared<arrow::BufferVector>(data.buffers)) {}
  int64_t length(int64_t row) const { return views[row].size(); }
  const uint8_t* at(int64_t row) const {
    return reinterpret_cast<const uint8_t*>(
        arrow::util::FromBinaryView(views[row], buffers->data() + 2).data());
  }
};

}  // namespace ampload::encode
