// Takes msgpack bytes apart, one header at a time. Safe on hostile bytes: nothing is read beyond
// the end, and no count is believed that the bytes behind it could not hold.
#pragma once

#include <cstdint>
#include <string_view>

namespace ampload::encode {

class MsgpackReader {
 public:
  enum class Kind {
    kDamaged,  // cut off, or a byte that begins nothing; for good
    kNil,
    kBool,      // number: 0 or 1
    kUint,      // number
    kNegative,  // number as int64
    kFloat32,   // number: the bits
    kFloat64,   // number: the bits
    kStr,       // bytes
    kBin,       // bytes
    kArray,     // number: how many values follow
    kMap,       // number: how many pairs of values follow
    kExt,       // bytes, with the extension's type in front
  };
  struct Token {
    Kind kind = Kind::kDamaged;
    uint64_t number = 0;
    std::string_view bytes;  // points into the reader's bytes
  };

  // `bytes` must outlive the reader and its tokens.
  explicit MsgpackReader(std::string_view bytes) : rest_(bytes) {}

  // The next value, or the head of the next array or map.
  Token Next();

  // Passes over one whole value. False when it is damaged or deeper than msgpack::kMaxDepth.
  [[nodiscard]] bool Skip();

  bool at_end() const { return rest_.empty(); }
  // What has not been read yet: empty once damage was met.
  std::string_view rest() const { return rest_; }

 private:
  Token Number(Kind kind, size_t width);
  Token SignedNumber(size_t width);
  Token Bytes(Kind kind, size_t width, size_t extra = 0);
  Token BytesOf(Kind kind, uint64_t length);
  Token Group(Kind kind, size_t width);
  Token GroupOf(Kind kind, uint64_t count);
  bool TakeNumber(size_t width, uint64_t* number);
  Token Damaged();

  std::string_view rest_;
};

}  // namespace ampload::encode
