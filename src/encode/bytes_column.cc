// Strings, checked to be UTF-8, and binaries in all their layouts.
#include <arrow/type.h>

#include <algorithm>
#include <string>

#include "encode/bytes_layout.h"
#include "encode/leaf_column.h"
#include "encode/msgpack_bytes.h"
#include "encode/utf8_rows.h"

namespace ampload::encode {
namespace {

enum class Kind { kString, kBinary };

template <class Format, Kind kKind, class Layout>
struct BytesCodec : PlainCodec {
  Layout layout;

  MaybeRefusal Check(const Rows& rows, const Validity& validity) const {
    const int64_t too_long = FindRefused(
        rows, validity, [&](int64_t row) { return layout.length(row) <= msgpack::kMaxLength; });
    int64_t not_utf8 = rows.count;
    if (kKind == Kind::kString) not_utf8 = FindNotUtf8(layout, rows, validity);
    const int64_t k = std::min(too_long, not_utf8);
    if (k == rows.count) return std::nullopt;
    return Refusal{k,
                   k == too_long ? "value is longer than 4294967295 bytes" : "string is not UTF-8",
                   "length=" + std::to_string(layout.length(rows[k])), ""};
  }
  int64_t Size(int64_t row) const {
    const int64_t length = layout.length(row);
    if constexpr (kKind == Kind::kString) {
      return Format::StringSize(layout.at(row), length);
    } else {
      return Format::BinarySize(length);
    }
  }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    const int64_t length = layout.length(row);
    if constexpr (kKind == Kind::kString) {
      return Format::PutString(at, layout.at(row), length);
    } else {
      return Format::PutBinary(at, layout.at(row), length);
    }
  }
};

// What comes before the bytes is the same for all rows, so it rides on the key. The widths of
// addresses and hashes are known to the compiler; 0 stands for any other.
template <class Format, int64_t kWidth>
struct FixedBytesCodec : PlainCodec {
  const uint8_t* values;
  int64_t any_width;
  int64_t size;

  FixedBytesCodec(const uint8_t* bytes, int64_t width)
      : values(bytes),
        any_width(width),
        size(Format::BinarySize(width) - static_cast<int64_t>(head().size())) {}
  int64_t width() const { return kWidth == 0 ? any_width : kWidth; }

  std::string head() const { return Format::BinaryHead(any_width); }
  int64_t Size(int64_t) const { return size; }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    return Format::PutBinaryBody(at, values + row * width(), static_cast<size_t>(width()));
  }
};

}  // namespace

template <class Format>
std::unique_ptr<ColumnWriter> MakeBytesColumn(const arrow::ArrayData& data, KeyPrefix prefix) {
  const auto make = [&]<Kind kKind, class Layout>(std::integral_constant<Kind, kKind>, Layout l) {
    return MakeLeaf<Format>(data, std::move(prefix), BytesCodec<Format, kKind, Layout>{{}, l});
  };
  constexpr std::integral_constant<Kind, Kind::kString> kStr;
  constexpr std::integral_constant<Kind, Kind::kBinary> kBin;
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
  const auto fixed = [&]<int64_t kWidth>(std::integral_constant<int64_t, kWidth>) {
    return MakeLeaf<Format>(data, std::move(prefix),
                            FixedBytesCodec<Format, kWidth>(values, width));
  };
  if (width == 20) return fixed(std::integral_constant<int64_t, 20>{});
  if (width == 32) return fixed(std::integral_constant<int64_t, 32>{});
  return fixed(std::integral_constant<int64_t, 0>{});
}

AMPLOAD_FOR_EVERY_FORMAT(MakeBytesColumn)

}  // namespace ampload::encode
