#include "encode/msgpack_reader.h"

#include "encode/msgpack_bytes.h"

namespace ampload::encode {

using Token = MsgpackReader::Token;

Token MsgpackReader::Damaged() {
  rest_ = {};
  return {};
}

bool MsgpackReader::TakeNumber(size_t width, uint64_t* number) {
  if (rest_.size() < width) return false;
  *number = 0;
  for (size_t i = 0; i < width; ++i) *number = *number << 8 | static_cast<uint8_t>(rest_[i]);
  rest_.remove_prefix(width);
  return true;
}

Token MsgpackReader::Number(Kind kind, size_t width) {
  Token token{kind, 0, {}};
  return TakeNumber(width, &token.number) ? token : Damaged();
}

Token MsgpackReader::SignedNumber(size_t width) {
  uint64_t bits = 0;
  if (!TakeNumber(width, &bits)) return Damaged();
  const size_t unused = 64 - 8 * width;
  const auto value = static_cast<int64_t>(bits << unused) >> unused;
  return {value < 0 ? Kind::kNegative : Kind::kUint, static_cast<uint64_t>(value), {}};
}

Token MsgpackReader::BytesOf(Kind kind, uint64_t length) {
  if (rest_.size() < length) return Damaged();
  const std::string_view bytes = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return {kind, 0, bytes};
}

Token MsgpackReader::Bytes(Kind kind, size_t width, size_t extra) {
  uint64_t length = 0;
  return TakeNumber(width, &length) ? BytesOf(kind, length + extra) : Damaged();
}

Token MsgpackReader::GroupOf(Kind kind, uint64_t count) {
  // Every value takes a byte at least.
  const uint64_t values = kind == Kind::kMap ? 2 * count : count;
  return values <= rest_.size() ? Token{kind, count, {}} : Damaged();
}

Token MsgpackReader::Group(Kind kind, size_t width) {
  uint64_t count = 0;
  return TakeNumber(width, &count) ? GroupOf(kind, count) : Damaged();
}

Token MsgpackReader::Next() {
  if (rest_.empty()) return Damaged();
  const auto head = static_cast<uint8_t>(rest_[0]);
  rest_.remove_prefix(1);
  if (head < 0x80) return {Kind::kUint, head, {}};
  if (head < 0x90) return GroupOf(Kind::kMap, head & 0x0f);
  if (head < 0xa0) return GroupOf(Kind::kArray, head & 0x0f);
  if (head < 0xc0) return BytesOf(Kind::kStr, head & 0x1f);
  if (head >= 0xe0) return {Kind::kNegative, static_cast<uint64_t>(static_cast<int8_t>(head)), {}};
  switch (head) {
    case 0xc0:
      return {Kind::kNil, 0, {}};
    case 0xc2:
    case 0xc3:
      return {Kind::kBool, static_cast<uint64_t>(head & 1), {}};
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return Bytes(Kind::kBin, size_t{1} << (head - 0xc4));
    case 0xc7:
    case 0xc8:
    case 0xc9:
      return Bytes(Kind::kExt, size_t{1} << (head - 0xc7), 1);
    case 0xca:
      return Number(Kind::kFloat32, 4);
    case 0xcb:
      return Number(Kind::kFloat64, 8);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      return Number(Kind::kUint, size_t{1} << (head - 0xcc));
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return SignedNumber(size_t{1} << (head - 0xd0));
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return BytesOf(Kind::kExt, (uint64_t{1} << (head - 0xd4)) + 1);
    case 0xd9:
    case 0xda:
    case 0xdb:
      return Bytes(Kind::kStr, size_t{1} << (head - 0xd9));
    case 0xdc:
    case 0xdd:
      return Group(Kind::kArray, size_t{2} << (head - 0xdc));
    case 0xde:
    case 0xdf:
      return Group(Kind::kMap, size_t{2} << (head - 0xde));
    default:
      return Damaged();
  }
}

bool MsgpackReader::Skip() {
  uint64_t left[msgpack::kMaxDepth];  // values still to pass over, a number for each open group
  int depth = 0;
  while (true) {
    const Token token = Next();
    if (token.kind == Kind::kDamaged) return false;
    uint64_t inside = 0;
    if (token.kind == Kind::kArray) inside = token.number;
    if (token.kind == Kind::kMap) inside = 2 * token.number;
    if (inside > 0) {
      if (depth == msgpack::kMaxDepth) return false;
      left[depth++] = inside;
      continue;
    }
    while (depth > 0 && --left[depth - 1] == 0) --depth;
    if (depth == 0) return true;
  }
}

}  // namespace ampload::encode
