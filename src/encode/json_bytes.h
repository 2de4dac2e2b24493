// JSON (RFC 8259): sizes and bytes of strings, numbers and hex.
//
// A Put function writes at `at`, exactly as many bytes as its Size function says, and returns the
// end.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "encode/decimal_digits.h"
#include "encode/key_prefix.h"

namespace ampload::encode::json {

// What a character becomes inside a string, by its length: 1 itself, 2 "\n", 6 "\u001f".
inline int EscapedSize(uint8_t c) {
  if (c == '"' || c == '\\') return 2;
  if (c >= 0x20) return 1;
  return c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t' ? 2 : 6;
}

inline bool NeedsEscape(const uint8_t* bytes, int64_t length) {
  uint8_t any = 0;
  for (int64_t i = 0; i < length; ++i) {
    any |= static_cast<uint8_t>((bytes[i] < 0x20) | (bytes[i] == '"') | (bytes[i] == '\\'));
  }
  return any != 0;
}

// With the quotes. The bytes are UTF-8.
inline int64_t StringSize(const uint8_t* bytes, int64_t length) {
  if (!NeedsEscape(bytes, length)) return length + 2;
  int64_t size = 2;
  for (int64_t i = 0; i < length; ++i) size += EscapedSize(bytes[i]);
  return size;
}

inline uint8_t* PutEscaped(uint8_t* at, uint8_t c) {
  switch (EscapedSize(c)) {
    case 1:
      *at = c;
      return at + 1;
    case 2:
      at[0] = '\\';
      at[1] = c;
      if (c == '\b') at[1] = 'b';
      if (c == '\f') at[1] = 'f';
      if (c == '\n') at[1] = 'n';
      if (c == '\r') at[1] = 'r';
      if (c == '\t') at[1] = 't';
      return at + 2;
    default:
      std::memcpy(at, "\\u00", 4);
      at[4] = static_cast<uint8_t>('0' + (c >> 4));
      at[5] = static_cast<uint8_t>("0123456789abcdef"[c & 15]);
      return at + 6;
  }
}

inline uint8_t* PutString(uint8_t* at, const uint8_t* bytes, int64_t length) {
  *at++ = '"';
  if (!NeedsEscape(bytes, length)) {
    CopyShort(at, bytes, static_cast<size_t>(length));
    at += length;
  } else {
    for (int64_t i = 0; i < length; ++i) at = PutEscaped(at, bytes[i]);
  }
  *at = '"';
  return at + 1;
}

// The same as text, for keys that are made once.
inline std::string String(std::string_view value) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(value.data());
  const auto length = static_cast<int64_t>(value.size());
  std::string text(static_cast<size_t>(StringSize(bytes, length)), '\0');
  PutString(reinterpret_cast<uint8_t*>(text.data()), bytes, length);
  return text;
}

inline int64_t IntSize(int64_t value) {
  const auto [negative, magnitude] = SplitSign(value);
  return negative + DigitCount(magnitude);
}
inline uint8_t* PutUint(uint8_t* at, uint64_t value) {
  const auto text = reinterpret_cast<char*>(at);
  return reinterpret_cast<uint8_t*>(PutDigits(text, value, DigitCount(value)));
}
inline uint8_t* PutInt(uint8_t* at, int64_t value) {
  const auto [negative, magnitude] = SplitSign(value);
  *at = '-';
  return PutUint(at + negative, magnitude);
}

// A float of any width: the fewest digits from which a reader gets the same value.
inline constexpr size_t kMaxFloatSize = 32;
template <class T>
int64_t FloatText(T value, char* text) {
  return std::to_chars(text, text + kMaxFloatSize, value).ptr - text;
}

// "0x" excluded: two digits a byte.
inline uint8_t* PutHex(uint8_t* at, const uint8_t* bytes, size_t length) {
  typedef uint8_t Sixteen __attribute__((vector_size(16)));  // NOLINT: attributes need a typedef
  const auto digits = [](Sixteen nibbles) {
    const Sixteen letters = reinterpret_cast<Sixteen>(nibbles > 9);
    return nibbles + uint8_t{'0'} + (letters & uint8_t{'a' - '0' - 10});
  };
  const auto put = [&](uint8_t* to, const uint8_t* from) {
    Sixteen in;
    std::memcpy(&in, from, sizeof(in));
    const Sixteen high = digits(in >> 4);
    const Sixteen low = digits(in & uint8_t{15});
    const Sixteen first =
        __builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const Sixteen second = __builtin_shufflevector(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28,
                                                   13, 29, 14, 30, 15, 31);
    std::memcpy(to, &first, sizeof(first));
    std::memcpy(to + sizeof(first), &second, sizeof(second));
  };
  size_t i = 0;
  for (; i + 16 <= length; i += 16) put(at + 2 * i, bytes + i);
  if (i < length && length >= 16) {
    put(at + 2 * (length - 16), bytes + length - 16);  // over some of those before
    i = length;
  }
  for (; i < length; ++i) {
    at[2 * i] = static_cast<uint8_t>("0123456789abcdef"[bytes[i] >> 4]);
    at[2 * i + 1] = static_cast<uint8_t>("0123456789abcdef"[bytes[i] & 15]);
  }
  return at + 2 * length;
}

}  // namespace ampload::encode::json
