// JSON rows, see row_format.h and json_encoder.h.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include "encode/json_bytes.h"
#include "encode/row_format.h"

namespace ampload::encode {

struct JsonFormat {
  using Inner = JsonFormat;
  static constexpr std::string_view kName = "json";

  class Null : public WrittenNull {
   public:
    explicit Null(const KeyPrefix& prefix) : WrittenNull(prefix, "null") {}
  };

  static int64_t UintSize(uint64_t value) { return DigitCount(value); }
  static int64_t IntSize(int64_t value) { return json::IntSize(value); }
  static uint8_t* PutUint(uint8_t* at, uint64_t value) { return json::PutUint(at, value); }
  static uint8_t* PutInt(uint8_t* at, int64_t value) { return json::PutInt(at, value); }

  static int64_t BoolSize(bool value) { return value ? 4 : 5; }
  static uint8_t* PutBool(uint8_t* at, bool value) {
    CopyShort(at, reinterpret_cast<const uint8_t*>(value ? "true" : "false"), value ? 4 : 5);
    return at + BoolSize(value);
  }

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

  static std::string TextHead(int64_t /*length*/) { return "\""; }
  static int64_t TextSize(int64_t length) { return length + 2; }
  static uint8_t* BeginText(uint8_t* at, int64_t /*length*/) { return PutByte(at, '"'); }
  static uint8_t* EndText(uint8_t* at) { return PutByte(at, '"'); }

  static int64_t StringSize(const uint8_t* bytes, int64_t length) {
    return json::StringSize(bytes, length);
  }
  static uint8_t* PutString(uint8_t* at, const uint8_t* bytes, int64_t length) {
    return json::PutString(at, bytes, length);
  }

  static std::string BinaryHead(int64_t /*length*/) { return "\"0x"; }
  static int64_t BinarySize(int64_t length) { return 2 * length + 4; }
  static uint8_t* PutBinary(uint8_t* at, const uint8_t* bytes, int64_t length) {
    std::memcpy(at, "\"0x", 3);
    return PutBinaryBody(at + 3, bytes, static_cast<size_t>(length));
  }
  [[gnu::always_inline]] static uint8_t* PutBinaryBody(uint8_t* at, const uint8_t* bytes,
                                                       size_t length) {
    return PutByte(json::PutHex(at, bytes, length), '"');
  }

  // The brackets and the commas between them.
  static int64_t GroupSize(int64_t count) { return 1 + count + (count == 0); }
  template <Group kGroup>
  static uint8_t* BeginGroup(uint8_t* at, int64_t /*count*/) {
    return PutByte(at, kGroup == Group::kArray ? '[' : '{');
  }
  static uint8_t* EndElement(uint8_t* at) { return PutByte(at, ','); }
  // Over the last comma.
  template <Group kGroup>
  static uint8_t* EndGroup(uint8_t* at, int64_t count) {
    return PutByte(at - (count > 0), kGroup == Group::kArray ? ']' : '}');
  }

  static std::string StructHead(int /*fields*/) { return "{"; }
  static std::string FieldKey(int place, std::string_view name) {
    return (place == 0 ? "" : ",") + json::String(name) + ":";
  }
  static constexpr char kStructTail = '}';
  static PairForm PairOf(bool string_keys) {
    return string_keys ? PairForm{Group::kMap, "", ":", kNoTail}
                       : PairForm{Group::kArray, "[", ",", ']'};
  }

 private:
  static uint8_t* PutByte(uint8_t* at, char byte) {
    *at = static_cast<uint8_t>(byte);
    return at + 1;
  }
  static int64_t Literal(std::string_view token, char* text) {
    return static_cast<int64_t>(token.copy(text, token.size()));
  }
  // Negative zero is -0.0: many readers take -0 for an integer, which has no sign then.
  template <class T>
  static int64_t FloatToken(T value, char* text) {
    if (std::isfinite(value)) {
      const int64_t length = json::FloatText(value, text);
      return value == 0 && std::signbit(value) ? Literal("-0.0", text) : length;
    }
    if (std::isnan(value)) return Literal("\"NaN\"", text);
    return Literal(value > 0 ? "\"Infinity\"" : "\"-Infinity\"", text);
  }
};

}  // namespace ampload::encode
