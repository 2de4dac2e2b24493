// Single fields as text, see row_format.h and text_encoder.h. What is nested is JSON.
#pragma once

#include <cmath>
#include <cstring>
#include <string>

#include "encode/json_format.h"
#include "encode/row_format.h"

namespace ampload::encode {

template <bool kHexBinaries>
struct TextFormat : JsonFormat {
  static constexpr std::string_view kName = "text";
  using Null = AbsentNull;

  template <class T>
  static int64_t FloatSize(T value) {
    char text[json::kMaxFloatSize];
    return FloatToken(value, text);
  }
  template <class T>
  static uint8_t* PutFloat(uint8_t* at, T value) {
    char text[json::kMaxFloatSize];
    const int64_t length = FloatToken(value, text);
    std::memcpy(at, text, static_cast<size_t>(length));
    return at + length;
  }

  static std::string TextHead(int64_t /*length*/) { return ""; }
  static int64_t TextSize(int64_t length) { return length; }
  static uint8_t* BeginText(uint8_t* at, int64_t /*length*/) { return at; }
  static uint8_t* EndText(uint8_t* at) { return at; }

  static int64_t StringSize(const uint8_t* /*bytes*/, int64_t length) { return length; }
  static uint8_t* PutString(uint8_t* at, const uint8_t* bytes, int64_t length) {
    CopyShort(at, bytes, static_cast<size_t>(length));
    return at + length;
  }

  static std::string BinaryHead(int64_t /*length*/) { return kHexBinaries ? "0x" : ""; }
  static int64_t BinarySize(int64_t length) { return kHexBinaries ? 2 * length + 2 : length; }
  static uint8_t* PutBinary(uint8_t* at, const uint8_t* bytes, int64_t length) {
    if constexpr (kHexBinaries) {
      std::memcpy(at, "0x", 2);
      at += 2;
    }
    return PutBinaryBody(at, bytes, static_cast<size_t>(length));
  }
  [[gnu::always_inline]] static uint8_t* PutBinaryBody(uint8_t* at, const uint8_t* bytes,
                                                       size_t length) {
    if constexpr (kHexBinaries) return json::PutHex(at, bytes, length);
    CopyShort(at, bytes, length);
    return at + length;
  }

 private:
  template <class T>
  static int64_t FloatToken(T value, char* text) {
    if (!std::isnan(value)) return json::FloatText(value, text);  // inf and -inf, too
    std::memcpy(text, "NaN", 3);
    return 3;
  }
};

}  // namespace ampload::encode
