// msgpack rows, see row_format.h.
#pragma once

#include <bit>
#include <string>
#include <string_view>

#include "encode/msgpack_bytes.h"
#include "encode/row_format.h"

namespace ampload::encode {

struct MsgpackFormat {
  using Inner = MsgpackFormat;
  static constexpr std::string_view kName = "msgpack";

  class Null : public WrittenNull {
   public:
    explicit Null(const KeyPrefix& prefix) : WrittenNull(prefix, "\xc0") {}
  };

  static int64_t UintSize(uint64_t value) { return msgpack::UintSize(value); }
  static int64_t IntSize(int64_t value) { return msgpack::IntSize(value); }
  static uint8_t* PutUint(uint8_t* at, uint64_t value) { return msgpack::PutUint(at, value); }
  static uint8_t* PutInt(uint8_t* at, int64_t value) { return msgpack::PutInt(at, value); }

  static int64_t BoolSize(bool) { return 1; }
  static uint8_t* PutBool(uint8_t* at, bool value) {
    *at = static_cast<uint8_t>(msgpack::kFalse + value);
    return at + 1;
  }

  static int64_t FloatSize(double) { return 9; }
  static int64_t FloatSize(float) { return 5; }
  static uint8_t* PutFloat(uint8_t* at, double value) {
    return msgpack::PutTagged(at, msgpack::kFloat64, std::bit_cast<uint64_t>(value));
  }
  static uint8_t* PutFloat(uint8_t* at, float value) {
    return msgpack::PutTagged(at, msgpack::kFloat32, std::bit_cast<uint32_t>(value));
  }

  static std::string TextHead(int64_t length) {
    return Header<msgpack::PutSpanHeader<msgpack::Span::kStr>>(length);
  }
  static int64_t TextSize(int64_t length) {
    return msgpack::SpanHeaderSize<msgpack::Span::kStr>(length) + length;
  }
  static uint8_t* BeginText(uint8_t* at, int64_t length) {
    return msgpack::PutSpanHeader<msgpack::Span::kStr>(at, length);
  }
  static uint8_t* EndText(uint8_t* at) { return at; }

  static int64_t StringSize(const uint8_t*, int64_t length) { return TextSize(length); }
  static uint8_t* PutString(uint8_t* at, const uint8_t* bytes, int64_t length) {
    at = msgpack::PutSpanHeader<msgpack::Span::kStr>(at, length);
    CopyShort(at, bytes, static_cast<size_t>(length));
    return at + length;
  }

  static std::string BinaryHead(int64_t length) {
    return Header<msgpack::PutSpanHeader<msgpack::Span::kBin>>(length);
  }
  static int64_t BinarySize(int64_t length) {
    return msgpack::SpanHeaderSize<msgpack::Span::kBin>(length) + length;
  }
  static uint8_t* PutBinary(uint8_t* at, const uint8_t* bytes, int64_t length) {
    at = msgpack::PutSpanHeader<msgpack::Span::kBin>(at, length);
    return PutBinaryBody(at, bytes, static_cast<size_t>(length));
  }
  [[gnu::always_inline]] static uint8_t* PutBinaryBody(uint8_t* at, const uint8_t* bytes,
                                                       size_t length) {
    CopyShort(at, bytes, length);
    return at + length;
  }

  static int64_t GroupSize(int64_t count) { return msgpack::GroupHeaderSize(count); }
  template <Group kGroup>
  static uint8_t* BeginGroup(uint8_t* at, int64_t count) {
    constexpr auto kHead = kGroup == Group::kMap ? msgpack::Group::kMap : msgpack::Group::kArray;
    return msgpack::PutGroupHeader<kHead>(at, count);
  }
  static uint8_t* EndElement(uint8_t* at) { return at; }
  template <Group kGroup>
  static uint8_t* EndGroup(uint8_t* at, int64_t /*count*/) {
    return at;
  }

  static std::string StructHead(int fields) { return msgpack::MapHeader(fields); }
  static std::string FieldKey(int /*place*/, std::string_view name) { return msgpack::Str(name); }
  static constexpr char kStructTail = kNoTail;
  static PairForm PairOf(bool /*string_keys*/) { return {}; }

 private:
  template <uint8_t* (*kPut)(uint8_t*, int64_t)>
  static std::string Header(int64_t length) {
    uint8_t header[5];
    return {reinterpret_cast<const char*>(header),
            static_cast<size_t>(kPut(header, length) - header)};
  }
};

}  // namespace ampload::encode
