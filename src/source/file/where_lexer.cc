#include "source/file/where_lexer.h"

#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

namespace ampload::source {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool StartsName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool InName(char c) { return StartsName(c) || IsDigit(c) || c == '.' || c == '$'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    for (;;) {
      while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
      ARROW_ASSIGN_OR_RAISE(Token token, Next());
      const bool end = token.kind == TokenKind::kEnd;
      tokens.push_back(std::move(token));
      if (end) return tokens;
    }
  }

 private:
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  Result<Token> Next() {
    const size_t start = at_;
    if (at_ == text_.size()) return Token{TokenKind::kEnd, "", start};
    const char c = Peek();
    if (c == '\'') return Quoted('\'', TokenKind::kText);
    if (c == '"') return Quoted('"', TokenKind::kQuotedName);
    if (c == '0' && (Peek(1) == 'x' || Peek(1) == 'X')) return Hex();
    const char after_sign = c == '+' || c == '-' ? Peek(1) : c;
    if (IsDigit(after_sign) || after_sign == '.') return Number();
    if (StartsName(c)) {
      while (at_ < text_.size() && InName(text_[at_])) ++at_;
      return Token{TokenKind::kName, std::string(text_.substr(start, at_ - start)), start};
    }
    return Symbol();
  }

  Result<Token> Quoted(char quote, TokenKind kind) {
    Token token{kind, "", at_};
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote) {
        ++at_;
        if (Peek() != quote) return token;
      }
      token.text += text_[at_];
    }
    return WhereError(fmt::format("a quote {} that never ends", quote), text_, token.position);
  }

  Result<Token> Hex() {
    Token token{TokenKind::kHex, "", at_};
    at_ += 2;
    while (IsHexDigit(Peek())) token.text += text_[at_++];
    return InName(Peek()) ? WhereError("not a hex digit", text_, at_) : Result<Token>(token);
  }

  // [+-] digits [. digits] [e [+-] digits]
  Result<Token> Number() {
    const size_t start = at_;
    if (Peek() == '+' || Peek() == '-') ++at_;
    size_t digits = Digits();
    if (Peek() == '.') {
      ++at_;
      digits += Digits();
    }
    if (digits == 0) return WhereError("not a number", text_, start);
    if (Peek() == 'e' || Peek() == 'E') {
      ++at_;
      if (Peek() == '+' || Peek() == '-') ++at_;
      if (Digits() == 0) return WhereError("not a number", text_, start);
    }
    if (InName(Peek())) return WhereError("not a number", text_, start);
    return Token{TokenKind::kNumber, std::string(text_.substr(start, at_ - start)), start};
  }

  size_t Digits() {
    const size_t start = at_;
    while (IsDigit(Peek())) ++at_;
    return at_ - start;
  }

  Result<Token> Symbol() {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kSymbols = {{
        {"==", "="},
        {"!=", "!="},
        {"<>", "!="},
        {"<=", "<="},
        {">=", ">="},
        {"=", "="},
        {"<", "<"},
        {">", ">"},
        {"(", "("},
        {")", ")"},
        {",", ","},
    }};
    for (const auto& [written, meant] : kSymbols) {
      if (!text_.substr(at_).starts_with(written)) continue;
      at_ += written.size();
      return Token{TokenKind::kSymbol, std::string(meant), at_ - written.size()};
    }
    return WhereError("unexpected character", text_, at_);
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> Tokenize(std::string_view text) {
  arrow::util::InitializeUTF8();
  if (!arrow::util::ValidateUTF8(text)) return ConfigurationError("where: not valid UTF-8");
  return Lexer(text).Run();
}

Status WhereError(std::string_view what, std::string_view text, size_t position) {
  constexpr size_t kMostShown = 40;
  std::string_view rest = text.substr(std::min(position, text.size()));
  size_t shown = std::min(rest.size(), kMostShown);
  // Not in the middle of a character.
  while (shown < rest.size() && (static_cast<unsigned char>(rest[shown]) & 0xC0) == 0x80) --shown;
  return ConfigurationError(
      fmt::format("where: {}: position={} near={}", what, position + 1,
                  rest.empty() ? "the end" : std::string(rest.substr(0, shown))));
}

}  // namespace ampload::source
