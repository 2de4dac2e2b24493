// The words of a --where text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"

namespace ampload::source {

enum class TokenKind {
  kName,        // bare; may be a keyword
  kQuotedName,  // "any ""thing"""
  kNumber,      // 12  -1.5e3
  kHex,         // 0xab; the text has the digits alone
  kText,        // 'it''s'
  kSymbol,      // ( ) , = != < <= > >=  (== and <> come as = and !=)
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;     // without quotes
  size_t position = 0;  // of its first byte
};

// The last token is kEnd. Configuration errors point at the place.
Result<std::vector<Token>> Tokenize(std::string_view text);

// "where: <what>: position=N near=..."; positions count from 1.
Status WhereError(std::string_view what, std::string_view text, size_t position);

}  // namespace ampload::source
