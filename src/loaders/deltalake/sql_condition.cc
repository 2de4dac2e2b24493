#include "loaders/deltalake/sql_condition.h"

#include <arrow/array/util.h>
#include <arrow/compute/api_scalar.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "loaders/deltalake/field_metadata.h"
#include "loaders/deltalake/sql_tokens.h"
#include "source/file/where_literal.h"

namespace ampload::deltalake {
namespace {

using arrow::Type;
using arrow::compute::Expression;
using FieldPtr = std::shared_ptr<arrow::Field>;
using Kind = SqlToken::Kind;

constexpr int kDeepest = 200;

Expression ColumnOf(const FieldPtr& field) {
  return arrow::compute::field_ref(arrow::FieldRef(field->name()));
}

Expression Call(const char* function, Expression left, Expression right) {
  return arrow::compute::call(function, {std::move(left), std::move(right)});
}

bool IsFloating(const arrow::DataType& type) {
  return type.id() == Type::FLOAT || type.id() == Type::DOUBLE;
}

// CHAR(n): Spark compares it padded.
bool IsPadded(const arrow::Field& field) {
  const auto kept = DeltaMetadataOf(field);
  const auto at = kept.find("__CHAR_VARCHAR_TYPE_STRING");
  return at != kept.end() && at->is_string() &&
         base::LowerAscii(at->get<std::string>()).starts_with("char");
}

// The comparison with its sides changed over.
std::string_view Mirrored(std::string_view symbol) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kMirrors = {
      {{"<", ">"}, {"<=", ">="}, {">", "<"}, {">=", "<="}}};
  for (const auto& [from, to] : kMirrors) {
    if (symbol == from) return to;
  }
  return symbol;
}

const char* FunctionOf(std::string_view symbol) {
  constexpr std::array<std::pair<std::string_view, const char*>, 6> kFunctions = {
      {{"=", "equal"},
       {"!=", "not_equal"},
       {"<", "less"},
       {"<=", "less_equal"},
       {">", "greater"},
       {">=", "greater_equal"}}};
  for (const auto& [from, to] : kFunctions) {
    if (symbol == from) return to;
  }
  return nullptr;
}

Expression Compared(const FieldPtr& field, std::string_view symbol,
                    std::shared_ptr<arrow::Scalar> literal) {
  auto out = Call(FunctionOf(symbol), ColumnOf(field), arrow::compute::literal(std::move(literal)));
  if (!IsFloating(*field->type()) || !symbol.starts_with('>')) return out;
  return arrow::compute::or_(std::move(out), arrow::compute::call("is_nan", {ColumnOf(field)}));
}

//   or      = and { OR and }
//   and     = not { AND not }
//   not     = NOT not | ( or ) | test
//   test    = column | column IS [NOT] NULL | column [NOT] IN ( literal , ... )
//           | column [NOT] BETWEEN literal AND literal | column op literal | column op column
//           | literal op column | true | false
class Parser {
 public:
  Parser(std::vector<SqlToken> tokens, const arrow::Schema& table)
      : tokens_(std::move(tokens)), table_(table) {}

  Result<Expression> Parse() {
    if (Now().kind == Kind::kEnd) return Error("nothing");
    ARROW_ASSIGN_OR_RAISE(auto expression, Or());
    if (Now().kind != Kind::kEnd) return Error("not the end");
    return expression;
  }

 private:
  const SqlToken& Now() const { return tokens_[at_]; }
  const SqlToken& Ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  Status Error(std::string_view what) const { return SqlError(what, Now().position); }

  static bool IsWord(const SqlToken& token, std::string_view word) {
    return token.kind == Kind::kName && base::LowerAscii(token.text) == word;
  }
  static bool IsSymbol(const SqlToken& token, std::string_view symbol) {
    return token.kind == Kind::kSymbol && token.text == symbol;
  }
  bool TakeWord(std::string_view word) {
    const bool is = IsWord(Now(), word);
    if (is) ++at_;
    return is;
  }
  bool TakeSymbol(std::string_view symbol) {
    const bool is = IsSymbol(Now(), symbol);
    if (is) ++at_;
    return is;
  }

  Result<Expression> Or() {
    ARROW_ASSIGN_OR_RAISE(auto out, And());
    while (TakeWord("or")) {
      ARROW_ASSIGN_OR_RAISE(auto next, And());
      out = arrow::compute::or_(std::move(out), std::move(next));
      ARROW_RETURN_NOT_OK(CountTerm());
    }
    return out;
  }

  Result<Expression> And() {
    ARROW_ASSIGN_OR_RAISE(auto out, Not());
    while (TakeWord("and")) {
      ARROW_ASSIGN_OR_RAISE(auto next, Not());
      out = arrow::compute::and_(std::move(out), std::move(next));
      ARROW_RETURN_NOT_OK(CountTerm());
    }
    return out;
  }

  // A chain of terms is as deep as it is long.
  Status CountTerm() {
    return ++terms_ < 10 * kDeepest ? Status::OK() : Error("more than 2000 terms");
  }

  Result<Expression> Not() {
    if (depth_ == kDeepest) return Error("more than 200 parentheses or NOT inside one another");
    ++depth_;
    auto expression = Nested();
    --depth_;
    return expression;
  }

  Result<Expression> Nested() {
    if (TakeWord("not")) {
      ARROW_ASSIGN_OR_RAISE(auto inner, Not());
      return arrow::compute::not_(std::move(inner));
    }
    if (TakeSymbol("(")) {
      ARROW_ASSIGN_OR_RAISE(auto inner, Or());
      if (!TakeSymbol(")")) return Error("no )");
      return inner;
    }
    return Test();
  }

  Result<Expression> Test() {
    if (StandsForLiteral()) return LiteralFirst();
    ARROW_ASSIGN_OR_RAISE(const auto field, Column(/*double_quoted=*/true));
    if (TakeWord("is")) {
      const bool negated = TakeWord("not");
      if (!TakeWord("null")) return Error("no NULL behind IS");
      return negated ? arrow::compute::is_valid(ColumnOf(field))
                     : arrow::compute::is_null(ColumnOf(field));
    }
    const bool negated = TakeWord("not");
    const auto signed_as = [negated](Expression out) {
      return negated ? arrow::compute::not_(std::move(out)) : std::move(out);
    };
    if (TakeWord("in")) {
      ARROW_ASSIGN_OR_RAISE(auto in, In(field));
      return signed_as(std::move(in));
    }
    if (TakeWord("between")) {
      ARROW_ASSIGN_OR_RAISE(auto low, Literal(field));
      if (!TakeWord("and")) return Error("no AND");
      ARROW_ASSIGN_OR_RAISE(auto high, Literal(field));
      return signed_as(arrow::compute::and_(Compared(field, ">=", std::move(low)),
                                            Compared(field, "<=", std::move(high))));
    }
    if (negated) return Error("neither IN nor BETWEEN behind NOT");
    if (Now().kind == Kind::kSymbol && FunctionOf(Now().text) != nullptr) return Comparison(field);
    if (field->type()->id() != Type::BOOL) return Error("no comparison that is known");
    return ColumnOf(field);
  }

  // May a literal stand here, and not a column's name?
  bool StandsForLiteral() const {
    const auto& token = Now();
    if (token.kind == Kind::kNumber || token.kind == Kind::kText || IsSymbol(token, "-") ||
        IsWord(token, "true") || IsWord(token, "false")) {
      return true;
    }
    const bool typed = IsWord(token, "date") || IsWord(token, "timestamp");
    if (typed && Ahead().kind == Kind::kText) return true;
    return IsWord(token, "arrow_cast") && IsSymbol(Ahead(), "(");
  }

  Result<Expression> LiteralFirst() {
    if (IsWord(Now(), "true") || IsWord(Now(), "false")) {
      const bool value = IsWord(Now(), "true");
      ++at_;
      return arrow::compute::literal(value);
    }
    // The literal's type is that of the column behind it.
    const size_t literal_at = at_;
    while (Now().kind != Kind::kEnd &&
           (Now().kind != Kind::kSymbol || FunctionOf(Now().text) == nullptr)) {
      ++at_;
    }
    if (Now().kind == Kind::kEnd) return SqlError("a literal alone", tokens_[literal_at].position);
    const size_t symbol_at = at_++;
    ARROW_ASSIGN_OR_RAISE(const auto field, Column(/*double_quoted=*/false));
    const size_t end_at = std::exchange(at_, literal_at);
    ARROW_ASSIGN_OR_RAISE(auto literal, Literal(field));
    if (at_ != symbol_at) return Error("no comparison that is known");
    at_ = end_at;
    return Compared(field, Mirrored(tokens_[symbol_at].text), std::move(literal));
  }

  Result<FieldPtr> Column(bool double_quoted) {
    const auto& token = Now();
    if (token.kind == Kind::kDoubleQuoted && !double_quoted) {
      return Error("double quotes, which hold a text to some engines, a name to others");
    }
    const bool name = token.kind == Kind::kName || token.kind == Kind::kQuotedName ||
                      token.kind == Kind::kDoubleQuoted;
    if (!name) return Error("no column");
    if (token.kind == Kind::kName && IsSymbol(Ahead(), "(")) return Error("a function");
    for (const auto& field : table_.fields()) {
      if (base::LowerAscii(field->name()) != base::LowerAscii(token.text)) continue;
      ++at_;
      return field;
    }
    return Error("no column of the table");
  }

  Result<Expression> Comparison(const FieldPtr& field) {
    const std::string symbol = Now().text;
    ++at_;
    if (StandsForLiteral()) {
      ARROW_ASSIGN_OR_RAISE(auto literal, Literal(field));
      return Compared(field, symbol, std::move(literal));
    }
    const auto place = Now().position;
    ARROW_ASSIGN_OR_RAISE(const auto other, Column(/*double_quoted=*/false));
    if (tokens_[at_ - 3].kind == Kind::kDoubleQuoted) {
      return SqlError("double quotes, which hold a text to some engines, a name to others", place);
    }
    const auto& type = *field->type();
    if (!type.Equals(*other->type()) || IsFloating(type) || type.num_fields() > 0 ||
        type.id() == Type::NA || IsPadded(*field) || IsPadded(*other)) {
      return SqlError("columns whose comparison engines do in other types", place);
    }
    return Call(FunctionOf(symbol), ColumnOf(field), ColumnOf(other));
  }

  Result<Expression> In(const FieldPtr& field) {
    if (!TakeSymbol("(")) return Error("no ( behind IN");
    std::optional<Expression> out;
    do {
      ARROW_ASSIGN_OR_RAISE(auto literal, Literal(field));
      auto one = Compared(field, "=", std::move(literal));
      out = out.has_value() ? arrow::compute::or_(*std::move(out), std::move(one)) : one;
      ARROW_RETURN_NOT_OK(CountTerm());
    } while (TakeSymbol(","));
    if (!TakeSymbol(")")) return Error("no )");
    return *std::move(out);
  }

  // As a value of the column.
  Result<std::shared_ptr<arrow::Scalar>> Literal(const FieldPtr& field) {
    const auto& type = field->type();
    const auto place = Now().position;
    if (IsPadded(*field)) return Error("a CHAR column, whose texts are compared with blanks");
    ARROW_ASSIGN_OR_RAISE(const auto token, LiteralToken(*type));
    auto literal = source::ConvertLiteral(token, type);
    if (!literal.ok()) return SqlError(MessageOf(literal.status()), place);
    ARROW_RETURN_NOT_OK(CheckNumber(token, **literal, place));
    return literal;
  }

  Result<source::Token> LiteralToken(const arrow::DataType& type) {
    source::Token token;
    token.position = Now().position;
    const bool negative = TakeSymbol("-");
    if (Now().kind == Kind::kNumber) {
      token.kind = source::TokenKind::kNumber;
      token.text = (negative ? "-" : "") + Now().text;
      ++at_;
      return token;
    }
    if (negative) return Error("no number");
    if (IsWord(Now(), "true") || IsWord(Now(), "false")) {
      token.kind = source::TokenKind::kName;
      token.text = Now().text;
      ++at_;
      return token;
    }
    token.kind = source::TokenKind::kText;
    if (IsWord(Now(), "arrow_cast")) {
      ARROW_ASSIGN_OR_RAISE(token.text, CastText(type));
      return token;
    }
    if (Now().kind == Kind::kName && Ahead().kind == Kind::kText) {
      ARROW_RETURN_NOT_OK(CheckTypeWord(type));
      ++at_;
    }
    if (Now().kind != Kind::kText) return Error("no literal that is known");
    token.text = Now().text;
    ++at_;
    if (TakeSymbol("::")) {
      ARROW_RETURN_NOT_OK(CheckTypeWord(type));
      ++at_;
    }
    return token;
  }

  // The type that a literal is written with is the column's.
  Status CheckTypeWord(const arrow::DataType& type) const {
    if (IsWord(Now(), "date") && type.id() == Type::DATE32) return Status::OK();
    if (IsWord(Now(), "timestamp") && type.id() == Type::TIMESTAMP &&
        !static_cast<const arrow::TimestampType&>(type).timezone().empty()) {
      return Status::OK();
    }
    return Error("a literal of another type than the column's");
  }

  // arrow_cast('2020-01-01T00:00:00.000000', 'Timestamp(Microsecond, Some("UTC"))')
  Result<std::string> CastText(const arrow::DataType& type) {
    std::vector<std::string> texts;
    ++at_;
    if (!TakeSymbol("(")) return Error("no (");
    do {
      if (Now().kind != Kind::kText) return Error("no text");
      texts.push_back(Now().text);
      ++at_;
    } while (TakeSymbol(","));
    const bool ntz = texts.back() == "Timestamp(Microsecond, None)";
    const bool utc = texts.back() == "Timestamp(Microsecond, Some(\"UTC\"))";
    const bool zoned = type.id() == Type::TIMESTAMP &&
                       !static_cast<const arrow::TimestampType&>(type).timezone().empty();
    if (texts.size() != 2 || type.id() != Type::TIMESTAMP || !(zoned ? utc : ntz)) {
      return Error("a literal of another type than the column's");
    }
    if (!TakeSymbol(")")) return Error("no )");
    return texts[0] + (utc ? "Z" : "");
  }

  // Spark compares whole numbers and decimals with 1e3 as doubles, floats with 0.1 as doubles.
  Status CheckNumber(const source::Token& token, const arrow::Scalar& value, size_t place) const {
    if (token.kind != source::TokenKind::kNumber) return Status::OK();
    const bool exponent = token.text.find_first_of("eE") != std::string::npos;
    if (!IsFloating(*value.type) && exponent) {
      return SqlError("a number with an exponent, which is compared as a double", place);
    }
    if (value.type->id() != Type::FLOAT) return Status::OK();
    source::Token same = token;
    ARROW_ASSIGN_OR_RAISE(const auto exact, source::ConvertLiteral(same, arrow::float64()));
    const auto as_double = static_cast<double>(static_cast<const arrow::FloatScalar&>(value).value);
    if (static_cast<const arrow::DoubleScalar&>(*exact).value == as_double) return Status::OK();
    return SqlError("a number that no float is, which is compared as a double", place);
  }

  const std::vector<SqlToken> tokens_;
  const arrow::Schema& table_;
  size_t at_ = 0;
  int depth_ = 0;
  int terms_ = 0;
};

}  // namespace

Result<Expression> ReadSqlCondition(std::string_view sql, const arrow::Schema& table) {
  ARROW_ASSIGN_OR_RAISE(auto tokens, SqlTokens(sql));
  return Parser(std::move(tokens), table).Parse();
}

}  // namespace ampload::deltalake
