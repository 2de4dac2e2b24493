// One JSON text taken apart into a flat list of tokens, numbers with all their digits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"

namespace ampload::encode {

// Reused from text to text, so it allocates only while it grows.
class JsonTokens {
 public:
  enum class Kind {
    kNull,
    kFalse,
    kTrue,
    kNumber,  // text(): as it is written
    kString,  // text(): unescaped, UTF-8
    kArray,   // `count` values follow, each a token or more
    kObject,  // `count` pairs of a string and a value follow
  };
  struct Token {
    Kind kind = Kind::kNull;
    size_t count = 0;
    size_t next = 0;  // the place of the token behind the whole value
    size_t text_begin = 0;
    size_t text_size = 0;
  };

  // Strict RFC 8259: one value, UTF-8, nothing behind it but white space. A data error says where
  // the text ceases to be JSON. Does not recurse, however deep the text is nested.
  Status Parse(std::string_view json);

  const Token& operator[](size_t place) const { return tokens_[place]; }
  std::string_view text(const Token& token) const {
    return std::string_view(texts_).substr(token.text_begin, token.text_size);
  }

 private:
  class Handler;

  std::vector<Token> tokens_;
  std::vector<size_t> open_;  // places of the arrays and objects that are not yet closed
  std::string texts_;
};

}  // namespace ampload::encode
