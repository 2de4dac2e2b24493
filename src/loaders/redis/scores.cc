#include "loaders/redis/scores.h"

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <arrow/type_traits.h>
#include <arrow/util/float16.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/arrow_compute.h"
#include "encode/by_integer_type.h"
#include "encode/json_bytes.h"
#include "encode/named_column.h"
#include "encode/plain_column.h"
#include "loaders/redis/resp_columns.h"

namespace ampload::redis {
namespace {

using arrow::Type;

// Each Put writes a score's text, and returns its length: 0 where no double is equal to the value.
constexpr size_t kMaxScoreSize = encode::json::kMaxFloatSize;

int64_t PutFloat(double value, char* to) {
  return std::isnan(value) ? 0 : encode::json::FloatText(value, to);
}

template <class T>
int64_t PutInteger(T value, char* to) {
  const auto as_double = static_cast<double>(value);
  constexpr double kAllExact = 9007199254740992;  // 2^53: up to here every integer is a double
  if (std::abs(as_double) < kAllExact) {
    return std::to_chars(to, to + kMaxScoreSize, value).ptr - to;
  }
  // The type's greatest values round up to a double that is none of its values.
  constexpr int kBits = std::numeric_limits<T>::digits;
  if (as_double >= std::ldexp(1.0, kBits) || static_cast<T>(as_double) != value) return 0;
  return PutFloat(as_double, to);
}

// Without the zeros behind a point, and without the point where nothing is left behind it.
std::string_view Trimmed(std::string_view digits) {
  if (digits.find('.') == std::string_view::npos) return digits;
  digits = digits.substr(0, digits.find_last_not_of('0') + 1);
  return digits.ends_with('.') ? digits.substr(0, digits.size() - 1) : digits;
}

// From a decimal's digits.
int64_t PutDecimal(std::string_view digits, char* to) {
  double value = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc()) {
    return 0;
  }
  digits = Trimmed(digits);
  constexpr size_t kAllExact = 15;  // so many digits are less than 2^53
  if (digits.size() > kAllExact || digits.find('.') != std::string_view::npos) {
    char exact[1500];  // more than any double has
    const auto end =
        std::to_chars(exact, std::end(exact), value, std::chars_format::fixed, 1074).ptr;
    if (Trimmed({exact, static_cast<size_t>(end - exact)}) != digits) return 0;
  }
  return PutFloat(value, to);
}

// Calls put(row, to) for every value; stops behind the first that has no score.
template <class Put>
Texts PutAll(const arrow::Array& values, const Put& put) {
  Texts scores;
  scores.bytes.resize(static_cast<size_t>(values.length()) * kMaxScoreSize);
  scores.offsets.reserve(static_cast<size_t>(values.length()) + 1);
  int64_t end = 0;
  for (int64_t row = 0; row < values.length(); ++row) {
    const int64_t length = values.IsNull(row) ? 0 : put(row, scores.bytes.data() + end);
    if (length == 0) break;
    scores.offsets.push_back(end += length);
  }
  scores.bytes.resize(static_cast<size_t>(end));
  return scores;
}

template <class T>
Texts PutIntegers(const arrow::Array& values) {
  const auto* numbers = values.data()->GetValues<T>(1);
  return PutAll(values, [&](int64_t row, char* to) { return PutInteger(numbers[row], to); });
}
template <class T>
Texts PutFloats(const arrow::Array& values) {
  const auto* numbers = values.data()->GetValues<T>(1);
  return PutAll(values, [&](int64_t row, char* to) { return PutFloat(numbers[row], to); });
}

Texts PutScores(const arrow::Array& values, const Texts& decimals) {
  switch (values.type_id()) {
    case Type::DATE32:
    case Type::TIME32:
      return PutIntegers<int32_t>(values);
    case Type::DATE64:
    case Type::TIME64:
    case Type::TIMESTAMP:
    case Type::DURATION:
      return PutIntegers<int64_t>(values);
    case Type::HALF_FLOAT: {
      const auto* numbers = values.data()->GetValues<uint16_t>(1);
      return PutAll(values, [&](int64_t row, char* to) {
        return PutFloat(arrow::util::Float16::FromBits(numbers[row]).ToDouble(), to);
      });
    }
    case Type::FLOAT:
      return PutFloats<float>(values);
    case Type::DOUBLE:
      return PutFloats<double>(values);
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
      return PutAll(values,
                    [&](int64_t row, char* to) { return PutDecimal(decimals.at(row), to); });
    default:
      return encode::ByIntegerType(values.type_id(),
                                   [&]<class T>(T) { return PutIntegers<T>(values); });
  }
}

bool HasScores(Type::type id) {
  return arrow::is_integer(id) || arrow::is_floating(id) || arrow::is_decimal(id) ||
         (arrow::is_temporal(id) && !arrow::is_interval(id)) || id == Type::DURATION;
}

}  // namespace

Result<std::unique_ptr<Scores>> Scores::Make(const RowForm& form) {
  ARROW_RETURN_NOT_OK(base::InitializeArrowCompute());
  const auto found = encode::PlaceOfColumn("score", form.score, *form.rows, form.table);
  if (!found.ok()) return WithContext(found.status(), "redis");
  const int place = *found;
  auto type = encode::PlainType(form.rows->field(place)->type());
  if (!HasScores(type->id())) {
    return ConfigurationError(
        "redis: a score is a number: a column of integers, floats, decimals, dates or times: "
        "table=" +
        form.table + " column=" + form.score + " type=" + type->ToString());
  }
  auto scores = std::make_unique<Scores>();
  scores->table_ = form.table;
  scores->column_ = form.score;
  scores->place_ = place;
  scores->type_ = std::move(type);
  return scores;
}

Result<Texts> Scores::Encode(const arrow::RecordBatch& batch, int64_t first_row) const {
  ARROW_ASSIGN_OR_RAISE(const auto values, encode::PlainColumn(batch, place_, type_));
  Texts decimals;
  if (arrow::is_decimal(type_->id())) {
    CommandParts digits;
    digits.push_back({KeyPart("", *values->data(), encode::BinaryText::kBytes), column_});
    ARROW_ASSIGN_OR_RAISE(auto encoded,
                          EncodeCommands(digits, values->length(), table_, first_row));
    decimals = TextsOf(std::move(encoded));
  }
  auto scores = PutScores(*values, decimals);
  if (scores.size() == values->length()) return scores;
  const int64_t row = scores.size();
  if (values->IsNull(row)) {
    return RowError("the score is null", table_, column_, first_row, row, "");
  }
  return RowError(
      "Redis keeps a score as a double, and none is equal to this value; choose another score",
      table_, column_, first_row, row, "value=" + (*values->GetScalar(row))->ToString());
}

}  // namespace ampload::redis
