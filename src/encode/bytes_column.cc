// Strings (str, checked to be UTF-8) and binaries (bin) in all their layouts.
#include <arrow/type.h>
#include <arrow/util/binary_view_util.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <string>

#include "encode/leaf_column.h"

namespace ampload::encode {
namespace {

using msgpack::Span;

// Where the bytes of a row are.
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

// Rows of consecutive offsets at once: all their bytes are UTF-8 and no row begins inside a
// character. False says nothing about a single row yet.
template <class Layout>
bool IsUtf8AsAWhole(const Layout&, const Rows&, const Validity&) {
  return false;
}
template <class Offset>
bool IsUtf8AsAWhole(const OffsetLayout<Offset>& layout, const Rows& rows,
                    const Validity& validity) {
  if (rows.index != nullptr || validity.has_nulls() || rows.count == 0) return false;
  const Offset begin = layout.offsets[rows.first];
  const Offset end = layout.offsets[rows.first + rows.count];
  if (begin == end) return true;
  bool starts = true;
  for (int64_t row = rows.first; row < rows.first + rows.count; ++row) {
    const Offset offset = layout.offsets[row];
    starts &= offset == end || (layout.bytes[offset] & 0xc0) != 0x80;
  }
  return starts && arrow::util::ValidateUTF8(layout.bytes + begin, end - begin);
}

template <Span kSpan, class Layout>
struct BytesCodec : PlainCodec {
  Layout layout;

  MaybeRefusal Check(const Rows& rows, const Validity& validity) const {
    const int64_t too_long = FindRefused(
        rows, validity, [&](int64_t row) { return layout.length(row) <= msgpack::kMaxLength; });
    int64_t not_utf8 = rows.count;
    if (kSpan == Span::kStr && !IsUtf8AsAWhole(layout, rows, validity)) {
      not_utf8 = FindRefused(rows, validity, [&](int64_t row) {
        return arrow::util::ValidateUTF8(layout.at(row), layout.length(row));
      });
    }
    const int64_t k = std::min(too_long, not_utf8);
    if (k == rows.count) return std::nullopt;
    return Refusal{k,
                   k == too_long ? "value is longer than 4294967295 bytes" : "string is not UTF-8",
                   "length=" + std::to_string(layout.length(rows[k])), ""};
  }
  int64_t Size(int64_t row) const {
    const int64_t length = layout.length(row);
    return msgpack::SpanHeaderSize<kSpan>(length) + length;
  }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    const auto length = layout.length(row);
    at = msgpack::PutSpanHeader<kSpan>(at, length);
    CopyShort(at, layout.at(row), static_cast<size_t>(length));
    return at + length;
  }
};

// The header is the same for all rows, so it rides on the key. The widths of addresses and hashes
// are known to the compiler; 0 stands for any other.
template <int64_t kWidth>
struct FixedBytesCodec {
  const uint8_t* values;
  int64_t any_width;
  uint8_t header[5] = {};
  size_t header_size;

  FixedBytesCodec(const uint8_t* bytes, int64_t width) : values(bytes), any_width(width) {
    header_size = static_cast<size_t>(msgpack::PutSpanHeader<Span::kBin>(header, width) - header);
  }
  int64_t width() const { return kWidth == 0 ? any_width : kWidth; }

  std::string_view head() const { return {reinterpret_cast<const char*>(header), header_size}; }
  static MaybeRefusal Check(const Rows&, const Validity&) { return std::nullopt; }
  int64_t Size(int64_t) const { return width(); }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    const uint8_t* from = values + row * width();
    if constexpr (kWidth == 0) {
      CopyShort(at, from, static_cast<size_t>(any_width));
    } else {
      std::memcpy(at, from, kWidth);
    }
    return at + width();
  }
};

}  // namespace

std::unique_ptr<ColumnWriter> MakeBytesColumn(const arrow::ArrayData& data, KeyPrefix prefix) {
  const auto make = [&]<Span kSpan, class Layout>(std::integral_constant<Span, kSpan>, Layout l) {
    return MakeLeaf(data, std::move(prefix), BytesCodec<kSpan, Layout>{{}, l});
  };
  constexpr std::integral_constant<Span, Span::kStr> kStr;
  constexpr std::integral_constant<Span, Span::kBin> kBin;
  switch (data.type->id()) {
    case arrow::Type::STRING:
      return make(kStr, OffsetLayout<int32_t>(data));
    case arrow::Type::LARGE_STRING:
      return make(kStr, OffsetLayout<int64_t>(data));
    case arrow::Type::STRING_VIEW:
      return make(kStr, ViewLayout(data));
    case arrow::Type::BINARY:
      return make(kBin, OffsetLayout<int32_t>(data));
    case arrow::Type::LARGE_BINARY:
      return make(kBin, OffsetLayout<int64_t>(data));
    case arrow::Type::BINARY_VIEW:
      return make(kBin, ViewLayout(data));
    default:
      break;
  }
  const int64_t width = static_cast<const arrow::FixedSizeBinaryType&>(*data.type).byte_width();
  const uint8_t* values = data.GetValues<uint8_t>(1, data.offset * width);
  if (width == 20) return MakeLeaf(data, std::move(prefix), FixedBytesCodec<20>(values, width));
  if (width == 32) return MakeLeaf(data, std::move(prefix), FixedBytesCodec<32>(values, width));
  return MakeLeaf(data, std::move(prefix), FixedBytesCodec<0>(values, width));
}

}  // namespace ampload::encode
