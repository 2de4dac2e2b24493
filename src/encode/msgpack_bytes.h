// The msgpack format (https://github.com/msgpack/msgpack/blob/master/spec.md): sizes and bytes of
// headers and integers, always in their shortest form.
//
// A Put function writes at `at`, exactly as many bytes as its Size function says, and returns the
// end.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

namespace ampload::encode::msgpack {

inline constexpr uint8_t kNil = 0xc0;
inline constexpr uint8_t kFalse = 0xc2;
inline constexpr uint8_t kTrue = 0xc3;
inline constexpr uint8_t kBin8 = 0xc4;
inline constexpr uint8_t kFloat32 = 0xca;
inline constexpr uint8_t kFloat64 = 0xcb;
inline constexpr uint8_t kUint8 = 0xcc;  // 16, 32, 64 follow
inline constexpr uint8_t kInt8 = 0xd0;   // 16, 32, 64 follow
inline constexpr uint8_t kStr8 = 0xd9;
inline constexpr uint8_t kArray16 = 0xdc;
inline constexpr uint8_t kMap16 = 0xde;
inline constexpr uint8_t kFixStr = 0xa0;
inline constexpr uint8_t kFixArray = 0x90;
inline constexpr uint8_t kFixMap = 0x80;
inline constexpr uint8_t kNegativeFixInt = 0xe0;

// No string, binary, array or map is longer.
inline constexpr int64_t kMaxLength = std::numeric_limits<uint32_t>::max();
// Arrays and maps within each other: the encoder and the decoder refuse more.
inline constexpr int kMaxDepth = 64;

template <class T>
T BigEndian(T value) {
  static_assert(std::endian::native == std::endian::little);
  if constexpr (sizeof(T) == 2) {
    return static_cast<T>(__builtin_bswap16(static_cast<uint16_t>(value)));
  } else if constexpr (sizeof(T) == 4) {
    return static_cast<T>(__builtin_bswap32(static_cast<uint32_t>(value)));
  } else if constexpr (sizeof(T) == 8) {
    return static_cast<T>(__builtin_bswap64(static_cast<uint64_t>(value)));
  } else {
    return value;
  }
}

// A type byte and a big-endian number behind it.
template <class T>
uint8_t* PutTagged(uint8_t* at, uint8_t tag, T value) {
  *at = tag;
  const T swapped = BigEndian(value);
  std::memcpy(at + 1, &swapped, sizeof(T));
  return at + 1 + sizeof(T);
}

inline int64_t UintSize(uint64_t value) {
  return 1 + (value >= 0x80) + (value >= 0x100) + 2 * (value >= 0x10000) +
         4 * (value >= 0x100000000);
}

inline uint8_t* PutUint(uint8_t* at, uint64_t value) {
  if (value < 0x80) {
    *at = static_cast<uint8_t>(value);
    return at + 1;
  }
  if (value < 0x100) return PutTagged(at, kUint8, static_cast<uint8_t>(value));
  if (value < 0x10000) return PutTagged(at, kUint8 + 1, static_cast<uint16_t>(value));
  if (value < 0x100000000) return PutTagged(at, kUint8 + 2, static_cast<uint32_t>(value));
  return PutTagged(at, kUint8 + 3, value);
}

// Negative values have forms of their own; the others are written as unsigned.
inline int64_t IntSize(int64_t value) {
  if (value >= 0) return UintSize(static_cast<uint64_t>(value));
  return 1 + (value < -0x20) + (value < -0x80) + 2 * (value < -0x8000) +
         4 * (value < -0x80000000LL);
}

inline uint8_t* PutInt(uint8_t* at, int64_t value) {
  if (value >= 0) return PutUint(at, static_cast<uint64_t>(value));
  if (value >= -0x20) {
    *at = static_cast<uint8_t>(value);
    return at + 1;
  }
  if (value >= -0x80) return PutTagged(at, kInt8, static_cast<int8_t>(value));
  if (value >= -0x8000) return PutTagged(at, kInt8 + 1, static_cast<int16_t>(value));
  if (value >= -0x80000000LL) return PutTagged(at, kInt8 + 2, static_cast<int32_t>(value));
  return PutTagged(at, kInt8 + 3, value);
}

// Headers of strings and binaries. `length` <= kMaxLength.
enum class Span { kStr, kBin };

template <Span kSpan>
int64_t SpanHeaderSize(int64_t length) {
  if constexpr (kSpan == Span::kStr) {
    return 1 + (length >= 0x20) + (length >= 0x100) + 2 * (length >= 0x10000);
  } else {
    return 2 + (length >= 0x100) + 2 * (length >= 0x10000);
  }
}

template <Span kSpan>
uint8_t* PutSpanHeader(uint8_t* at, int64_t length) {
  constexpr uint8_t kFirst = kSpan == Span::kStr ? kStr8 : kBin8;
  if (kSpan == Span::kStr && length < 0x20) {
    *at = static_cast<uint8_t>(kFixStr | length);
    return at + 1;
  }
  if (length < 0x100) return PutTagged(at, kFirst, static_cast<uint8_t>(length));
  if (length < 0x10000) return PutTagged(at, kFirst + 1, static_cast<uint16_t>(length));
  return PutTagged(at, kFirst + 2, static_cast<uint32_t>(length));
}

// Headers of arrays (of `count` elements) and maps (of `count` pairs). `count` <= kMaxLength.
enum class Group { kArray, kMap };

inline int64_t GroupHeaderSize(int64_t count) {
  return 1 + 2 * (count >= 0x10) + 2 * (count >= 0x10000);
}

template <Group kGroup>
uint8_t* PutGroupHeader(uint8_t* at, int64_t count) {
  constexpr uint8_t kFix = kGroup == Group::kArray ? kFixArray : kFixMap;
  constexpr uint8_t kFirst = kGroup == Group::kArray ? kArray16 : kMap16;
  if (count < 0x10) {
    *at = static_cast<uint8_t>(kFix | count);
    return at + 1;
  }
  if (count < 0x10000) return PutTagged(at, kFirst, static_cast<uint16_t>(count));
  return PutTagged(at, static_cast<uint8_t>(kFirst + 1), static_cast<uint32_t>(count));
}

// The same as text, for prefixes that are made once.
inline std::string MapHeader(int64_t count) {
  std::string text(5, '\0');
  auto* begin = reinterpret_cast<uint8_t*>(text.data());
  text.resize(static_cast<size_t>(PutGroupHeader<Group::kMap>(begin, count) - begin));
  return text;
}
inline std::string Str(std::string_view value) {
  const auto length = static_cast<int64_t>(value.size());
  std::string text(static_cast<size_t>(SpanHeaderSize<Span::kStr>(length)), '\0');
  PutSpanHeader<Span::kStr>(reinterpret_cast<uint8_t*>(text.data()), length);
  return text.append(value);
}

}  // namespace ampload::encode::msgpack
