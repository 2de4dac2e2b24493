// Strings into text, varchar(n), char(n), json and jsonb; binaries into bytea and uuid.
//
// The server would cut a longer text's trailing blanks, or fill a shorter one up to char(n): a
// varchar(n) takes up to n characters, a char(n) exactly n.
#include <arrow/type.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "encode/bytes_layout.h"
#include "encode/pg/copy_column.h"
#include "encode/pg/copy_leaf.h"
#include "encode/pg/jsonb_text.h"
#include "encode/utf8_rows.h"

namespace ampload::encode::pg {
namespace {

constexpr const char* kTooLong = "value is longer than PostgreSQL's 1 GB";

uint8_t* PutBytes(uint8_t* at, const uint8_t* from, int64_t length) {
  CopyShort(at, from, static_cast<size_t>(length));
  return at + length;
}

bool HasNul(const uint8_t* bytes, int64_t length) {
  return length > 0 && std::memchr(bytes, 0, static_cast<size_t>(length)) != nullptr;
}

// Consecutive rows at once, as IsUtf8AsAWhole has it.
template <class Layout>
bool HasNoNulAsAWhole(const Layout&, const Rows&, const Validity&) {
  return false;
}
template <class Offset>
bool HasNoNulAsAWhole(const OffsetLayout<Offset>& layout, const Rows& rows,
                      const Validity& validity) {
  if (rows.index != nullptr || validity.has_nulls() || rows.count == 0) return false;
  const Offset begin = layout.offsets[rows.first];
  return !HasNul(layout.bytes + begin, layout.offsets[rows.first + rows.count] - begin);
}

struct TextBounds {
  explicit TextBounds(const PgType& type)
      : most(type.max_characters().value_or(0)),
        bounded(type.max_characters().has_value()),
        exactly(bounded && type.oid == kCharOid),
        most_bytes(type.oid == kNameOid ? kNameBytes : kMaxValue) {}

  // `bytes` are UTF-8.
  bool Hold(const uint8_t* bytes, int64_t length) const {
    if (!bounded || (!exactly && length <= most)) return true;
    const int64_t characters =
        std::count_if(bytes, bytes + length, [](uint8_t c) { return (c & 0xc0) != 0x80; });
    return exactly ? characters == most : characters <= most;
  }

  static constexpr uint32_t kNameOid = 19;
  static constexpr uint32_t kCharOid = 1042;
  static constexpr int64_t kNameBytes = 63;
  int64_t most;
  bool bounded;
  bool exactly;
  int64_t most_bytes;
};

template <class Layout>
struct TextCodec : VariableCodec {
  Layout layout;
  TextBounds bounds;
  bool jsonb;  // a version in front, and no NUL as an escape

  MaybeRefusal Check(const Rows& rows, const Validity& validity) const {
    const auto find = [&](auto&& holds) { return FindRefused(rows, validity, holds); };
    struct Problem {
      int64_t position;
      const char* what;
    };
    Problem first{rows.count, nullptr};
    const auto note = [&](int64_t position, const char* what) {
      if (position < first.position) first = {position, what};
    };
    note(find([&](int64_t row) { return layout.length(row) <= bounds.most_bytes; }),
         bounds.most_bytes == kMaxValue ? kTooLong : "name is longer than 63 bytes");
    note(FindNotUtf8(layout, rows, validity), "string is not UTF-8");
    if (!HasNoNulAsAWhole(layout, rows, validity)) {
      note(find([&](int64_t row) { return !HasNul(layout.at(row), layout.length(row)); }),
           "string has a NUL, which PostgreSQL cannot keep");
    }
    if (bounds.bounded) {
      note(find([&](int64_t row) { return bounds.Hold(layout.at(row), layout.length(row)); }),
           bounds.exactly
               ? "string is not of the column's number of characters, it would be padded "
                 "or cut"
               : "string has more characters than its column");
    }
    if (jsonb) {
      note(find([&](int64_t row) { return !HasNulEscape(layout.at(row), layout.length(row)); }),
           kNulInJsonb);
    }
    if (first.what == nullptr) return std::nullopt;
    return Refusal{first.position, first.what,
                   "length=" + std::to_string(layout.length(rows[first.position])), ""};
  }
  int64_t Size(int64_t row) const { return layout.length(row) + jsonb; }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    if (jsonb) *at++ = kJsonbVersion;
    return PutBytes(at, layout.at(row), layout.length(row));
  }
};

template <class Layout>
struct BinaryCodec : VariableCodec {
  Layout layout;

  MaybeRefusal Check(const Rows& rows, const Validity& validity) const {
    const int64_t k =
        FindRefused(rows, validity, [&](int64_t row) { return layout.length(row) <= kMaxValue; });
    if (k == rows.count) return std::nullopt;
    return Refusal{k, kTooLong, "length=" + std::to_string(layout.length(rows[k])), ""};
  }
  int64_t Size(int64_t row) const { return layout.length(row); }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    return PutBytes(at, layout.at(row), layout.length(row));
  }
};

// The widths of addresses, hashes and uuids are known to the compiler; 0 stands for any other.
template <int64_t kWidth>
struct FixedBytesCodec : FixedCodec {
  const uint8_t* values;
  int64_t any_width;

  int64_t size() const { return kWidth == 0 ? any_width : kWidth; }
  MaybeRefusal Check(const Rows& rows, const Validity& validity) const {
    if (size() <= kMaxValue) return std::nullopt;
    const int64_t k = FindRefused(rows, validity, [](int64_t) { return false; });
    if (k == rows.count) return std::nullopt;
    return Refusal{k, kTooLong, "length=" + std::to_string(size()), ""};
  }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    return PutBytes(at, values + row * size(), size());
  }
};

}  // namespace

std::unique_ptr<ColumnWriter> MakeCopyText(const arrow::ArrayData& data, const PgType& type) {
  const bool jsonb = type.kind == PgKind::kJsonb;
  const auto make = [&]<class Layout>(Layout layout) {
    return MakeCopyLeaf(data, TextCodec<Layout>{{}, layout, TextBounds(type), jsonb});
  };
  switch (data.type->id()) {
    case arrow::Type::STRING:
      return make(OffsetLayout<int32_t>(data));
    case arrow::Type::LARGE_STRING:
      return make(OffsetLayout<int64_t>(data));
    default:
      return make(ViewLayout(data));
  }
}

std::unique_ptr<ColumnWriter> MakeCopyBytes(const arrow::ArrayData& data) {
  const auto make = [&]<class Layout>(Layout layout) {
    return MakeCopyLeaf(data, BinaryCodec<Layout>{{}, layout});
  };
  switch (data.type->id()) {
    case arrow::Type::BINARY:
      return make(OffsetLayout<int32_t>(data));
    case arrow::Type::LARGE_BINARY:
      return make(OffsetLayout<int64_t>(data));
    case arrow::Type::BINARY_VIEW:
      return make(ViewLayout(data));
    default:
      break;
  }
  const int64_t width = static_cast<const arrow::FixedSizeBinaryType&>(*data.type).byte_width();
  const uint8_t* values = data.GetValues<uint8_t>(1, data.offset * width);
  const auto fixed = [&]<int64_t kWidth>(std::integral_constant<int64_t, kWidth>) {
    return MakeCopyLeaf(data, FixedBytesCodec<kWidth>{{}, values, width});
  };
  if (width == 16) return fixed(std::integral_constant<int64_t, 16>{});
  if (width == 20) return fixed(std::integral_constant<int64_t, 20>{});
  if (width == 32) return fixed(std::integral_constant<int64_t, 32>{});
  return fixed(std::integral_constant<int64_t, 0>{});
}

}  // namespace ampload::encode::pg
