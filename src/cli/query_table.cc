#include "cli/query_table.h"
#include "base/ascii.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace ampload::cli {
namespace {

struct Token {
  enum class Kind { kWord, kQuoted, kOther };
  Kind kind;
  std::string text;
};

bool IsWordCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$';
}

// SQL, as far as telling names from strings and comments goes.
class Lexer {
 public:
  explicit Lexer(std::string_view rest) : rest_(rest) {}

  std::vector<Token> All() {
    std::vector<Token> tokens;
    while (SkipSpace()) tokens.push_back(Take());
    return tokens;
  }

 private:
  // False at the end.
  bool SkipSpace() {
    while (!rest_.empty()) {
      if (std::isspace(static_cast<unsigned char>(rest_[0])) != 0) {
        rest_.remove_prefix(1);
      } else if (rest_.starts_with("--")) {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      } else if (rest_.starts_with("/*")) {
        const size_t end = rest_.find("*/", 2);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
      } else {
        return true;
      }
    }
    return false;
  }

  Token Take() {
    const char first = rest_[0];
    if (first == '"') return {Token::Kind::kQuoted, TakeQuoted('"')};
    if (first == '\'') return {Token::Kind::kOther, TakeQuoted('\'')};
    size_t length = 0;
    while (length < rest_.size() && IsWordCharacter(rest_[length])) ++length;
    Token token{Token::Kind::kWord, std::string(rest_.substr(0, std::max<size_t>(length, 1)))};
    if (length == 0 || std::isdigit(static_cast<unsigned char>(first)) != 0) {
      token.kind = Token::Kind::kOther;
    }
    rest_.remove_prefix(token.text.size());
    return token;
  }

  // Doubled quotes stand for one.
  std::string TakeQuoted(char quote) {
    std::string text;
    size_t at = 1;
    for (; at < rest_.size(); ++at) {
      if (rest_[at] == quote && (at + 1 == rest_.size() || rest_[++at] != quote)) break;
      text += rest_[at];
    }
    rest_.remove_prefix(std::min(at, rest_.size()));
    return text;
  }

  std::string_view rest_;
};

bool Is(const Token& token, std::string_view keyword) {
  return token.kind == Token::Kind::kWord && base::LowerAscii(token.text) == keyword;
}

bool IsSymbol(const Token& token, char symbol) {
  return token.kind == Token::Kind::kOther && token.text == std::string(1, symbol);
}

bool IsName(const Token& token) { return token.kind != Token::Kind::kOther; }

bool IsPlain(const std::string& name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return IsWordCharacter(c) && c != '$'; });
}

}  // namespace

std::optional<std::string> OnlyTableOf(std::string_view query) {
  const auto tokens = Lexer(query).All();
  const auto is_from = [](const Token& token) { return Is(token, "from"); };
  const auto from = std::find_if(tokens.begin(), tokens.end(), is_from);
  if (from == tokens.end() || std::find_if(from + 1, tokens.end(), is_from) != tokens.end() ||
      std::any_of(tokens.begin(), tokens.end(), [](const Token& t) { return Is(t, "join"); })) {
    return std::nullopt;
  }
  auto at = from + 1;
  if (at == tokens.end() || !IsName(*at)) return std::nullopt;
  while (tokens.end() - at > 2 && IsSymbol(at[1], '.') && IsName(at[2])) at += 2;
  const std::string& name = at->text;
  // An alias may stand before the comma that begins a second table.
  for (++at; at != tokens.end() && IsName(*at); ++at) {
    if (Is(*at, "where") || Is(*at, "order") || Is(*at, "group") || Is(*at, "limit")) break;
  }
  const bool plain_end = at == tokens.end() || IsName(*at) || IsSymbol(*at, ';');
  return plain_end && IsPlain(name) ? std::optional(name) : std::nullopt;
}

bool LooksLikeQuery(std::string_view text) {
  const auto tokens = Lexer(text.substr(0, 200)).All();
  return tokens.size() > 1 && (Is(tokens[0], "select") || Is(tokens[0], "with")) &&
         std::isspace(static_cast<unsigned char>(
             text[text.find_first_not_of(" \t\r\n") + tokens[0].text.size()])) != 0;
}

}  // namespace ampload::cli
