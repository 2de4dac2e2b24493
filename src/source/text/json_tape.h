// One line of JSON taken apart, as a flat list of its values.
//
//   {"a":[1,true]}      object  key "a"  array  number "1"  true
//                       \_ end is behind the last           each value's `end` is the index of the
//                                                           first one that is not inside of it
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "source/text/declared_text.h"

namespace ampload::source {

enum class JsonKind : uint8_t { kNull, kTrue, kFalse, kNumber, kString, kArray, kObject, kKey };

inline constexpr int kDeepestJson = 64;

class JsonTape {
 public:
  JsonTape();
  ~JsonTape();
  JsonTape(const JsonTape&) = delete;
  JsonTape& operator=(const JsonTape&) = delete;

  // The line has to outlive what is asked below. What is wrong with it (RFC 8259, UTF-8, nested no
  // deeper than kDeepestJson, no half of a surrogate pair), or null. A number may have any form
  // that JSON allows, up to the range of a double.
  Fault Parse(std::string_view line, size_t most_values);
  // After a fault: the byte where it was met.
  size_t fault_at() const { return fault_at_; }
  // The fault was `most_values`.
  bool too_large() const { return too_large_; }

  JsonKind kind(uint32_t value) const { return nodes_[value].kind; }
  uint32_t end(uint32_t value) const { return nodes_[value].end; }
  // A string's or key's letters, a number's digits as they were written, else its JSON.
  std::string_view text(uint32_t value) const;

 private:
  struct Node {
    uint32_t begin;
    uint32_t size;
    uint32_t end;
    JsonKind kind;
  };
  struct Parser;
  class Handler;

  std::unique_ptr<Parser> parser_;
  std::string_view line_;
  std::vector<char> letters_;  // the line, decoded in place
  std::vector<Node> nodes_;
  size_t fault_at_ = 0;
  bool too_large_ = false;
};

}  // namespace ampload::source
