#include "loaders/deltalake/sql_tokens.h"

#include <array>
#include <utility>

namespace ampload::deltalake {
namespace {

using Kind = SqlToken::Kind;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool StartsName(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool InName(char c) { return StartsName(c) || IsDigit(c); }

class Lexer {
 public:
  explicit Lexer(std::string_view sql) : sql_(sql) {}

  Result<std::vector<SqlToken>> Run() {
    std::vector<SqlToken> tokens;
    for (;;) {
      while (IsSpace(Peek())) ++at_;
      ARROW_ASSIGN_OR_RAISE(auto token, Next());
      const bool end = token.kind == Kind::kEnd;
      tokens.push_back(std::move(token));
      if (end) return tokens;
    }
  }

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }

  Result<SqlToken> Next() {
    if (at_ == sql_.size()) return SqlToken{Kind::kEnd, "", at_};
    const char c = Peek();
    if (c == '\'') return Text();
    if (c == '`') return Quoted(Kind::kQuotedName);
    if (c == '"') return Quoted(Kind::kDoubleQuoted);
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number();
    if (StartsName(c)) {
      SqlToken token{Kind::kName, "", at_};
      while (InName(Peek())) token.text += sql_[at_++];
      return token;
    }
    return Symbol();
  }

  Result<SqlToken> Text() {
    SqlToken token{Kind::kText, "", at_};
    for (++at_; Peek() != '\''; ++at_) {
      if (at_ == sql_.size()) return SqlError("a text that never ends", token.position);
      if (Peek() == '\\') {
        return SqlError("a backslash in a text, which engines read differently", at_);
      }
      token.text += Peek();
    }
    ++at_;
    if (Peek() == '\'') return SqlError("a quote in a text, which engines read differently", at_);
    return token;
  }

  Result<SqlToken> Quoted(Kind kind) {
    SqlToken token{kind, "", at_};
    const char quote = Peek();
    for (++at_; at_ < sql_.size(); ++at_) {
      if (Peek() == quote) {
        ++at_;
        if (Peek() != quote) return token;
      }
      token.text += Peek();
    }
    return SqlError("a quoted name that never ends", token.position);
  }

  Result<SqlToken> Number() {
    SqlToken token{Kind::kNumber, "", at_};
    Digits(&token.text);
    if (Peek() == '.') {
      token.text += sql_[at_++];
      Digits(&token.text);
    }
    if (Peek() == 'e' || Peek() == 'E') {
      token.text += sql_[at_++];
      if (Peek() == '+' || Peek() == '-') token.text += sql_[at_++];
      if (!IsDigit(Peek())) return SqlError("not a number", token.position);
      Digits(&token.text);
    }
    // 1L, 1.5BD, 0x1f
    if (InName(Peek()) || Peek() == '.') return SqlError("not a plain number", token.position);
    return token;
  }

  void Digits(std::string* to) {
    while (IsDigit(Peek())) *to += sql_[at_++];
  }

  Result<SqlToken> Symbol() {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kSymbols = {{
        {"--", ""},
        {"/*", ""},
        {"<=>", ""},
        {"==", "="},
        {"!=", "!="},
        {"<>", "!="},
        {"<=", "<="},
        {">=", ">="},
        {"::", "::"},
        {"=", "="},
        {"<", "<"},
        {">", ">"},
        {"(", "("},
        {")", ")"},
        {",", ","},
        {"-", "-"},
    }};
    for (const auto& [written, meant] : kSymbols) {
      if (!sql_.substr(at_).starts_with(written)) continue;
      if (meant.empty()) break;
      at_ += written.size();
      return SqlToken{Kind::kSymbol, std::string(meant), at_ - written.size()};
    }
    if (Peek() == '.') return SqlError("a field within a column", at_);
    return SqlError("a sign that is not known", at_);
  }

  std::string_view sql_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<SqlToken>> SqlTokens(std::string_view sql) { return Lexer(sql).Run(); }

Status SqlError(std::string_view what, size_t position) {
  return ConfigurationError(std::string(what) + " at " + std::to_string(position + 1));
}

}  // namespace ampload::deltalake
