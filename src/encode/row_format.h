// What a row format is to the column writers: a struct of static functions, inlined into their
// loops. Each type's loop is written once and compiled for each format.
//
//   using Inner                     the format of what is inside of lists, structs and maps
//   class Null(const KeyPrefix&)    what stands for a null behind that prefix: size(), view().Put
//   IntSize UintSize PutInt PutUint
//   kBoolSize/BoolSize PutBool
//   FloatSize PutFloat              of a float16 as a float
//   TextHead TextSize BeginText EndText      ASCII that needs no escape: digits, dates
//   StringSize PutString            UTF-8
//   BinaryHead BinarySize PutBinary PutBinaryBody
//   GroupSize BeginGroup EndElement EndGroup     lists and maps
//   StructHead FieldKey kStructTail
//   PairOf                          how the entries of a map are written
//
// A Put function writes exactly as many bytes as its Size function says and returns the end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "encode/key_prefix.h"

namespace ampload::encode {

struct MsgpackFormat;
struct JsonFormat;
template <bool kHexBinaries>
struct TextFormat;

enum class Group { kArray, kMap };

// Nothing stands behind a struct.
inline constexpr char kNoTail = '\0';

// The entries of a map: each is before_key, key, before_value, value, tail.
struct PairForm {
  Group group = Group::kMap;
  std::string before_key;
  std::string before_value;
  char tail = kNoTail;
};

// A null that is bytes of its own.
class WrittenNull {
 public:
  WrittenNull(const KeyPrefix& prefix, std::string_view bytes) : bytes_(prefix.With(bytes)) {}
  int64_t size() const { return bytes_.size(); }
  KeyPrefix::View view() const { return bytes_.view(); }

 private:
  KeyPrefix bytes_;
};

// A null that is not there at all. Size adds kAbsent for it, so that the caller can tell it from an
// empty value; Write puts nothing.
inline constexpr int64_t kAbsent = int64_t{1} << 62;
class AbsentNull {
 public:
  explicit AbsentNull(const KeyPrefix& /*prefix*/) {}
  static int64_t size() { return kAbsent; }
  struct View {
    static uint8_t* Put(uint8_t* at) { return at; }
  };
  static View view() { return {}; }
};

}  // namespace ampload::encode
