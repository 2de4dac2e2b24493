#include "source/file/where_clause.h"

#include <arrow/array/builder_base.h>
#include <arrow/compute/api_scalar.h>
#include <arrow/compute/cast.h>
#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "base/arrow_compute.h"
#include "source/file/column_selection.h"
#include "source/file/where_lexer.h"
#include "source/file/where_literal.h"

namespace ampload::source {
namespace {

using arrow::Type;
using arrow::compute::Expression;
using TypePtr = std::shared_ptr<arrow::DataType>;
using ScalarPtr = std::shared_ptr<arrow::Scalar>;

// From here on a list of literals is looked up in a hash table instead of compared one by one.
constexpr size_t kLongList = 16;
constexpr int kDeepest = 200;

// A column's side of a comparison.
struct Operand {
  Expression expression;
  TypePtr literal_type;  // what its literals are converted to
  TypePtr type;          // what both sides are compared as; half floats as floats, exactly
};

Expression CastTo(Expression from, const TypePtr& type) {
  return arrow::compute::call("cast", {std::move(from)}, arrow::compute::CastOptions::Safe(type));
}

Operand OperandOf(const arrow::Field& field) {
  Operand operand{arrow::compute::field_ref(field.name()), field.type(), nullptr};
  for (;;) {
    if (operand.literal_type->id() == Type::DICTIONARY) {
      const auto& type = static_cast<const arrow::DictionaryType&>(*operand.literal_type);
      operand.literal_type = type.value_type();
    } else if (operand.literal_type->id() == Type::EXTENSION) {
      const auto& type = static_cast<const arrow::ExtensionType&>(*operand.literal_type);
      operand.literal_type = type.storage_type();
    } else {
      break;
    }
    operand.expression = CastTo(std::move(operand.expression), operand.literal_type);
  }
  operand.type = operand.literal_type;
  if (operand.type->id() == Type::HALF_FLOAT) {
    operand.type = arrow::float32();
    operand.expression = CastTo(std::move(operand.expression), operand.type);
  }
  return operand;
}

bool HasHashLookup(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::FLOAT:  // hashing tells 0 from -0
    case Type::DOUBLE:
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::STRING_VIEW:
    case Type::BINARY_VIEW:
      return false;
    default:
      return true;
  }
}

// A balanced tree, so that a long chain does not make a deep one.
Expression Join(std::vector<Expression> terms, Expression (*join)(Expression, Expression)) {
  while (terms.size() > 1) {
    std::vector<Expression> joined;
    for (size_t i = 0; i + 1 < terms.size(); i += 2) {
      joined.push_back(join(std::move(terms[i]), std::move(terms[i + 1])));
    }
    if (terms.size() % 2 != 0) joined.push_back(std::move(terms.back()));
    terms = std::move(joined);
  }
  return std::move(terms[0]);
}

//   or      = and { OR and }
//   and     = not { AND not }
//   not     = NOT not | ( or ) | column test
//   test    = op literal | [NOT] IN ( literal , ... ) | IS [NOT] NULL
class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens, const arrow::Schema& schema)
      : text_(text), tokens_(std::move(tokens)), schema_(schema) {}

  Result<Expression> Parse() {
    if (Now().kind == TokenKind::kEnd) return Error("the condition is empty");
    ARROW_ASSIGN_OR_RAISE(auto expression, Or());
    if (Now().kind != TokenKind::kEnd) return Error("expected `and`, `or` or the end");
    return expression;
  }

 private:
  const Token& Now() const { return tokens_[at_]; }
  Status Error(std::string_view what) const { return WhereError(what, text_, Now().position); }

  static bool IsKeyword(const Token& token, std::string_view keyword) {
    if (token.kind != TokenKind::kName || token.text.size() != keyword.size()) return false;
    for (size_t i = 0; i < keyword.size(); ++i) {
      const char c = token.text[i];
      if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != keyword[i]) return false;
    }
    return true;
  }
  static bool IsAnyKeyword(const Token& token) {
    constexpr std::array<std::string_view, 8> kKeywords = {"and", "or",   "not",  "in",
                                                           "is",  "null", "true", "false"};
    return std::any_of(kKeywords.begin(), kKeywords.end(),
                       [&token](auto keyword) { return IsKeyword(token, keyword); });
  }
  bool TakeKeyword(std::string_view keyword) {
    const bool is = IsKeyword(Now(), keyword);
    if (is) ++at_;
    return is;
  }
  bool TakeSymbol(std::string_view symbol) {
    const bool is = Now().kind == TokenKind::kSymbol && Now().text == symbol;
    if (is) ++at_;
    return is;
  }

  Result<Expression> Or() {
    std::vector<Expression> terms;
    do {
      ARROW_ASSIGN_OR_RAISE(auto term, And());
      terms.push_back(std::move(term));
    } while (TakeKeyword("or"));
    return Join(std::move(terms), &arrow::compute::or_);
  }

  Result<Expression> And() {
    std::vector<Expression> terms;
    do {
      ARROW_ASSIGN_OR_RAISE(auto term, Not());
      terms.push_back(std::move(term));
    } while (TakeKeyword("and"));
    return Join(std::move(terms), &arrow::compute::and_);
  }

  Result<Expression> Not() {
    if (depth_ == kDeepest) return Error("more than 200 parentheses or `not` inside one another");
    ++depth_;
    auto expression = Nested();
    --depth_;
    return expression;
  }

  Result<Expression> Nested() {
    if (TakeKeyword("not")) {
      ARROW_ASSIGN_OR_RAISE(auto inner, Not());
      return arrow::compute::not_(std::move(inner));
    }
    if (TakeSymbol("(")) {
      ARROW_ASSIGN_OR_RAISE(auto inner, Or());
      if (!TakeSymbol(")")) return Error("expected `and`, `or` or )");
      return inner;
    }
    return Test();
  }

  Result<Expression> Test() {
    ARROW_ASSIGN_OR_RAISE(const auto field, Column());
    if (TakeKeyword("is")) {
      const bool negated = TakeKeyword("not");
      if (!TakeKeyword("null")) return Error("expected `null`");
      auto column = arrow::compute::field_ref(field->name());
      return negated ? arrow::compute::is_valid(std::move(column))
                     : arrow::compute::is_null(std::move(column));
    }
    const Operand operand = OperandOf(*field);
    const bool negated = TakeKeyword("not");
    if (TakeKeyword("in")) {
      ARROW_ASSIGN_OR_RAISE(auto in, In(operand));
      return negated ? arrow::compute::not_(std::move(in)) : std::move(in);
    }
    if (negated) return Error("expected `in`");
    return Comparison(operand);
  }

  Result<std::shared_ptr<arrow::Field>> Column() {
    const Token& token = Now();
    if ((token.kind != TokenKind::kName || IsAnyKeyword(token)) &&
        token.kind != TokenKind::kQuotedName) {
      return Error("expected a column");
    }
    const auto indices = schema_.GetAllFieldIndices(token.text);
    if (indices.size() != 1) {
      const Status unknown = UnknownColumn(token.text, schema_);
      return WithContext(unknown, fmt::format("where: position={}", token.position + 1));
    }
    ++at_;
    return schema_.field(indices[0]);
  }

  Result<Expression> Comparison(const Operand& operand) {
    constexpr std::array<std::pair<std::string_view, const char*>, 6> kOperators = {
        {{"=", "equal"},
         {"!=", "not_equal"},
         {"<", "less"},
         {"<=", "less_equal"},
         {">", "greater"},
         {">=", "greater_equal"}}};
    for (const auto& [symbol, function] : kOperators) {
      if (!TakeSymbol(symbol)) continue;
      ARROW_ASSIGN_OR_RAISE(auto literal, Literal(operand));
      return arrow::compute::call(
          function, {operand.expression, arrow::compute::literal(std::move(literal))});
    }
    return Error("expected an operator: = != < <= > >= in, is null, is not null");
  }

  Result<Expression> In(const Operand& operand) {
    if (!TakeSymbol("(")) return Error("expected ( and a list of literals");
    arrow::ScalarVector literals;
    do {
      ARROW_ASSIGN_OR_RAISE(auto literal, Literal(operand));
      literals.push_back(std::move(literal));
    } while (TakeSymbol(","));
    if (!TakeSymbol(")")) return Error("expected , or )");
    if (literals.size() >= kLongList && HasHashLookup(*operand.type)) {
      std::unique_ptr<arrow::ArrayBuilder> builder;
      ARROW_RETURN_NOT_OK(arrow::MakeBuilder(arrow::default_memory_pool(), operand.type, &builder));
      ARROW_RETURN_NOT_OK(builder->AppendScalars(literals));
      ARROW_ASSIGN_OR_RAISE(const auto values, builder->Finish());
      return arrow::compute::call(
          "is_in", {operand.expression},
          arrow::compute::SetLookupOptions(values, arrow::compute::SetLookupOptions::EMIT_NULL));
    }
    std::vector<Expression> terms;
    for (auto& literal : literals) {
      terms.push_back(
          arrow::compute::equal(operand.expression, arrow::compute::literal(std::move(literal))));
    }
    return Join(std::move(terms), &arrow::compute::or_);
  }

  Result<ScalarPtr> Literal(const Operand& operand) {
    const Token& token = Now();
    if (IsKeyword(token, "null")) return Error("nothing equals null; ask `is null`");
    const bool is_word = IsKeyword(token, "true") || IsKeyword(token, "false");
    if (token.kind != TokenKind::kNumber && token.kind != TokenKind::kHex &&
        token.kind != TokenKind::kText && !is_word) {
      return Error(token.kind == TokenKind::kName || token.kind == TokenKind::kQuotedName
                       ? "expected a literal (text stands in 'single quotes')"
                       : "expected a literal");
    }
    auto literal = ConvertLiteral(token, operand.literal_type);
    if (!literal.ok()) return Error(MessageOf(literal.status()));
    ++at_;
    if ((*literal)->type->Equals(*operand.type)) return literal;
    ARROW_ASSIGN_OR_RAISE(const auto cast, arrow::compute::Cast(*literal, operand.type));
    return cast.scalar();
  }

  std::string_view text_;
  const std::vector<Token> tokens_;
  const arrow::Schema& schema_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Expression> ParseWhere(std::string_view text, const arrow::Schema& schema) {
  ARROW_RETURN_NOT_OK(base::InitializeArrowCompute());
  ARROW_ASSIGN_OR_RAISE(auto tokens, Tokenize(text));
  ARROW_ASSIGN_OR_RAISE(const auto expression, Parser(text, std::move(tokens), schema).Parse());
  auto bound = expression.Bind(schema);
  if (!bound.ok()) return WithContext(ConfigurationError(MessageOf(bound.status())), "where");
  return bound;
}

}  // namespace ampload::source
