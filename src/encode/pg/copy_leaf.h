// Fields of a COPY's tuples: a length, big-endian, then so many bytes; -1 alone is null.
//
// A column whose values are encoded each on their own is the two loops here, around a codec that is
// inlined into them:
//
//   struct Codec {
//     MaybeRefusal Check(const Rows&, const Validity&);
//     int64_t size() const;                       kFixed: of every value, without the length
//     int64_t Size(int64_t row) const;            else; after Check
//     uint8_t* Put(uint8_t* at, int64_t row);     the value alone; returns the end
//   };
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <type_traits>

#include "encode/column_writer.h"
#include "encode/leaf_column.h"

namespace ampload::encode::pg {

// PostgreSQL's own limit to a value: 1 GB with its header.
inline constexpr int64_t kMaxValue = 0x3fffffff - 4;

// `value` in the width of T, the highest byte first. Returns the end.
template <class T>
[[gnu::always_inline]] inline uint8_t* PutBig(uint8_t* at, T value) {
  using U = std::make_unsigned_t<T>;
  U bits = static_cast<U>(value);
  if constexpr (sizeof(T) == 8) {
    bits = __builtin_bswap64(bits);
  } else if constexpr (sizeof(T) == 4) {
    bits = __builtin_bswap32(bits);
  } else if constexpr (sizeof(T) == 2) {
    bits = __builtin_bswap16(bits);
  }
  std::memcpy(at, &bits, sizeof(bits));
  return at + sizeof(bits);
}

// A field's length.
[[gnu::always_inline]] inline uint8_t* PutLength(uint8_t* at, int64_t length) {
  return PutBig(at, static_cast<int32_t>(length));
}
inline constexpr int64_t kLengthSize = 4;

struct NullField {
  static int64_t size() { return kLengthSize; }
  struct View {
    static uint8_t* Put(uint8_t* at) { return PutLength(at, -1); }
  };
  static View view() { return {}; }
};

// What most codecs are.
struct FixedCodec {
  static constexpr bool kFixed = true;
  static MaybeRefusal Check(const Rows&, const Validity&) { return std::nullopt; }
};
struct VariableCodec {
  static constexpr bool kFixed = false;
};

template <class Codec>
class CopyLeaf final : public ColumnWriter {
 public:
  CopyLeaf(const arrow::ArrayData& data, Codec codec) : validity_(data), codec_(std::move(codec)) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    if (MaybeRefusal refusal = codec_.Check(rows, validity_)) return refusal;
    const Codec& codec = codec_;
    if constexpr (Codec::kFixed) {
      const int64_t size = codec.size();
      if (!validity_.has_nulls()) {
        for (int64_t k = 0; k < rows.count; ++k) sizes[k] += kLengthSize + size;
      } else {
        for (int64_t k = 0; k < rows.count; ++k) {  // without a branch: nulls come as they like
          sizes[k] += kLengthSize + (size & -static_cast<int64_t>(validity_(rows[k])));
        }
      }
    } else {
      ForEachRow(
          rows, validity_,
          [&](int64_t k, int64_t row) { sizes[k] += kLengthSize + codec.Size(row); },
          [&](int64_t k) { sizes[k] += kLengthSize; });
    }
    return std::nullopt;
  }

  void Write(const Rows& rows, uint8_t** cursors) override {
    const Codec codec = codec_;  // in registers
    ForEachRow(
        rows, validity_,
        [&](int64_t k, int64_t row) {
          int64_t size;
          if constexpr (Codec::kFixed) {
            size = codec.size();
          } else {
            size = codec.Size(row);
          }
          cursors[k] = codec.Put(PutLength(cursors[k], size), row);
        },
        [&](int64_t k) { cursors[k] = PutLength(cursors[k], -1); });
  }

 private:
  Validity validity_;
  Codec codec_;
};

template <class Codec>
std::unique_ptr<ColumnWriter> MakeCopyLeaf(const arrow::ArrayData& data, Codec codec) {
  return std::make_unique<CopyLeaf<Codec>>(data, std::move(codec));
}

// A refusal of the first value that `holds(row)` says no to, told by `what(row)` and `value(row)`.
template <class Holds, class What, class Value>
MaybeRefusal RefuseUnless(const Rows& rows, const Validity& validity, Holds&& holds, What&& what,
                          Value&& value) {
  const int64_t k = FindRefused(rows, validity, holds);
  if (k == rows.count) return std::nullopt;
  return Refusal{k, what(rows[k]), "value=" + value(rows[k]), ""};
}

inline constexpr const char* kDoesNotFit = "value does not fit its column";

}  // namespace ampload::encode::pg
