#include "encode/exact_cast.h"

#include <arrow/compute/api.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/arrow_compute.h"
#include "encode/decimal_cast.h"
#include "encode/type_family.h"

namespace ampload::encode {
namespace {

using arrow::Type;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr size_t kMostQuoted = 100;

bool IsText(const arrow::DataType& type) { return FamilyOf(type) == TypeFamily::kString; }
bool IsBytes(const arrow::DataType& type) { return FamilyOf(type) == TypeFamily::kBinary; }
bool IsNumber(const arrow::DataType& type) {
  return arrow::is_numeric(type.id()) || arrow::is_decimal(type.id()) || type.id() == Type::BOOL;
}
bool IsDate(const arrow::DataType& type) { return FamilyOf(type) == TypeFamily::kDate; }
bool IsTime(const arrow::DataType& type) {
  return type.id() == Type::TIME32 || type.id() == Type::TIME64;
}
bool HasZone(const arrow::DataType& type) {
  return !static_cast<const arrow::TimestampType&>(type).timezone().empty();
}
// What text can be read as and written from.
bool IsPlain(const arrow::DataType& type) {
  return IsNumber(type) || IsDate(type) || IsTime(type) || type.id() == Type::TIMESTAMP;
}

bool IsOffered(const arrow::DataType& outer_from, const arrow::DataType& outer_to);

bool AreFieldsOffered(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.num_fields() != to.num_fields()) return false;
  for (int i = 0; i < from.num_fields(); ++i) {
    const bool named = from.id() != Type::STRUCT || from.field(i)->name() == to.field(i)->name();
    if (!named || !IsOffered(*from.field(i)->type(), *to.field(i)->type())) return false;
  }
  return true;
}

bool IsOffered(const arrow::DataType& outer_from, const arrow::DataType& outer_to) {
  const auto& from = Unwrapped(outer_from);
  const auto& to = outer_to;
  if (from.Equals(to) || from.id() == Type::NA) return true;
  if (IsText(from)) return IsText(to) || IsBytes(to) || (IsPlain(to) && !IsTime(to));
  if (IsText(to)) return IsBytes(from) || IsPlain(from);
  if (IsBytes(from)) return IsBytes(to);
  if (IsNumber(from)) return IsNumber(to);
  if (IsDate(from) || from.id() == Type::TIMESTAMP) {
    if (IsDate(to)) return true;
    if (to.id() != Type::TIMESTAMP) return false;
    return IsDate(from) ? !HasZone(to) : HasZone(from) == HasZone(to);
  }
  if (IsTime(from)) return IsTime(to);
  if (from.id() == Type::DURATION) return to.id() == Type::DURATION;
  const bool lists = arrow::is_list_like(from.id()) && arrow::is_list_like(to.id());
  const bool alike =
      from.id() == to.id() && arrow::is_nested(from.id()) && !arrow::is_union(from.id());
  return (lists || alike) && AreFieldsOffered(from, to);
}

std::optional<arrow::TimeUnit::type> UnitOf(const arrow::DataType& type) {
  if (type.id() == Type::TIMESTAMP) return static_cast<const arrow::TimestampType&>(type).unit();
  if (type.id() == Type::DURATION) return static_cast<const arrow::DurationType&>(type).unit();
  if (IsTime(type)) return static_cast<const arrow::TimeType&>(type).unit();
  return std::nullopt;
}

// The name of the loss that this cast may bring, or empty.
std::string_view LossOf(const arrow::DataType& from, const arrow::DataType& to) {
  const bool ns_to_us =
      UnitOf(from) == arrow::TimeUnit::NANO && UnitOf(to) == arrow::TimeUnit::MICRO;
  if (!ns_to_us || from.id() != to.id()) return {};
  if (from.id() == Type::TIMESTAMP) return "timestamp_ns_to_us";
  return from.id() == Type::DURATION ? "duration_ns_to_us" : "time_ns_to_us";
}

Result<ArrayPtr> Cast(const ArrayPtr& array, const TypePtr& to,
                      const arrow::compute::CastOptions& how) {
  ARROW_ASSIGN_OR_RAISE(const auto datum, arrow::compute::Cast(arrow::Datum(array), to, how));
  return datum.make_array();
}

// Where the library has no direct cast: the type to go by. Null: none.
TypePtr Between(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.id() == Type::BOOL && to.id() == Type::HALF_FLOAT) return arrow::int8();
  if (to.id() == Type::BOOL && from.id() == Type::HALF_FLOAT) return arrow::int64();
  const bool half = from.id() == Type::HALF_FLOAT || to.id() == Type::HALF_FLOAT;
  if (half && from.id() != Type::FLOAT && to.id() != Type::FLOAT) return arrow::float32();
  // Between binary and decimal fractions the digits decide: the fewest that name the float.
  if (arrow::is_floating(from.id()) && arrow::is_decimal(to.id())) return arrow::utf8();
  if (arrow::is_decimal(from.id()) && arrow::is_floating(to.id())) return arrow::utf8();
  return nullptr;
}

Result<ArrayPtr> CastByWay(const ArrayPtr& array, const TypePtr& to,
                           const arrow::compute::CastOptions& how) {
  const auto between = Between(*array->type(), *to);
  if (between == nullptr) return Cast(array, to, how);
  ARROW_ASSIGN_OR_RAISE(const auto middle, CastByWay(array, between, how));
  return CastByWay(middle, to, how);
}

// The first row in [0, length) for which `bad(offset, length)` says that a range holds a bad row;
// the whole range does.
template <class HoldsBad>
int64_t FirstBad(int64_t length, HoldsBad&& holds_bad) {
  int64_t first = 0;
  while (length > 1) {
    const int64_t half = length / 2;
    if (holds_bad(first, half)) {
      length = half;
    } else {
      first += half;
      length -= half;
    }
  }
  return first;
}

Status BadValue(const arrow::Array& array, int64_t row, const arrow::DataType& to,
                std::string_view loss) {
  const auto scalar = array.GetScalar(row);
  std::string value;
  for (const char c : scalar.ok() ? (*scalar)->ToString() : std::string("?")) {
    value += c == '\n' ? "\\n" : std::string(1, c);
  }
  if (value.size() > kMostQuoted) value = value.substr(0, kMostQuoted) + "...";
  std::string what = "the value cannot be a " + to.ToString() + " without being changed";
  if (!loss.empty()) what += "; accept that with --allow " + std::string(loss);
  return BadRowError(row, what + ": type=" + array.type()->ToString() + " value=" + value);
}

// Text that is read as a float takes the nearest one; but digits do not become infinite, nor
// nothing.
bool IsBeyondAnyFloat(std::string_view text, double value) {
  if (!std::isinf(value) && value != 0) return false;
  const auto mantissa = text.substr(0, text.find_first_of("eE"));
  return mantissa.find_first_of(value == 0 ? "123456789" : "0123456789") != std::string_view::npos;
}

Status CheckReadFloats(const arrow::Array& text, const ArrayPtr& read, const TypePtr& to) {
  ARROW_ASSIGN_OR_RAISE(const auto wide,
                        CastByWay(read, arrow::float64(), arrow::compute::CastOptions::Safe()));
  const auto& values = static_cast<const arrow::DoubleArray&>(*wide);
  for (int64_t row = 0; row < text.length(); ++row) {
    if (text.IsNull(row)) continue;
    const auto view = text.type_id() == Type::STRING
                          ? static_cast<const arrow::StringArray&>(text).GetView(row)
                          : static_cast<const arrow::LargeStringArray&>(text).GetView(row);
    if (IsBeyondAnyFloat(view, values.Value(row))) return BadValue(text, row, *to, {});
  }
  return Status::OK();
}

// Is each value, cast back, what it was? The way back is checked too, else a number that was cut
// could be cut back.
bool ComesBack(const arrow::Array& values, const ArrayPtr& cast) {
  const auto back = CastByWay(cast, values.type(), arrow::compute::CastOptions::Safe());
  const auto same = arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false);
  return back.ok() && values.Equals(**back, same);
}

// Dictionary, run-end and extension wrappers taken off.
Result<ArrayPtr> Plain(const ArrayPtr& array) {
  const auto& type = *array->type();
  if (type.id() == Type::EXTENSION) {
    return Plain(static_cast<const arrow::ExtensionArray&>(*array).storage());
  }
  if (type.id() == Type::RUN_END_ENCODED) {
    ARROW_ASSIGN_OR_RAISE(const auto decoded, arrow::compute::RunEndDecode(array));
    return Plain(decoded.make_array());
  }
  if (type.id() != Type::DICTIONARY) return array;
  const auto& dictionary = static_cast<const arrow::DictionaryArray&>(*array);
  ARROW_ASSIGN_OR_RAISE(const auto values,
                        arrow::compute::Take(*dictionary.dictionary(), *dictionary.indices()));
  return Plain(values);
}

// Views have few cast kernels of their own.
Result<ArrayPtr> WithoutViews(const ArrayPtr& array) {
  if (array->type_id() == Type::STRING_VIEW)
    return Cast(array, arrow::large_utf8(), arrow::compute::CastOptions::Safe());
  if (array->type_id() == Type::BINARY_VIEW)
    return Cast(array, arrow::large_binary(), arrow::compute::CastOptions::Safe());
  return array;
}

// The library reads text and integers into decimals, and decimals into integers, without asking in
// each case whether they fit. So: text and integers into the widest decimal, integers out of text.
TypePtr ByWholeDecimals(const arrow::DataType& from, const arrow::DataType& to) {
  constexpr int kMost = arrow::Decimal256Type::kMaxPrecision;
  const auto unless = [&](const TypePtr& by, const arrow::DataType& end) {
    return by->Equals(end) ? nullptr : by;
  };
  if (arrow::is_decimal(to.id())) {
    const int scale = static_cast<const arrow::DecimalType&>(to).scale();
    if (IsText(from)) return unless(arrow::decimal256(kMost, scale), to);
    if (from.id() == Type::BOOL) return arrow::int8();
    if (arrow::is_integer(from.id())) return unless(arrow::decimal256(kMost, 0), to);
  }
  if (!arrow::is_decimal(from.id())) return nullptr;
  if (to.id() == Type::BOOL) return arrow::int8();
  if (!arrow::is_integer(to.id())) return nullptr;
  const auto whole = arrow::decimal256(kMost, 0);
  return whole->Equals(from) ? arrow::utf8() : whole;
}

}  // namespace

Status CheckCast(const arrow::DataType& from, const arrow::DataType& to) {
  if (IsOffered(from, to)) return Status::OK();
  return ConfigurationError("there is no cast between these types that keeps values: from=" +
                            from.ToString() + " to=" + to.ToString());
}

Result<ArrayPtr> ExactCast(const ArrayPtr& array, const TypePtr& to,
                           const std::vector<std::string>& allow) {
  if (array->type()->Equals(*to)) return array;
  ARROW_RETURN_NOT_OK(base::InitializeArrowCompute());
  ARROW_RETURN_NOT_OK(CheckCast(*array->type(), *to));
  ARROW_ASSIGN_OR_RAISE(ArrayPtr plain, Plain(array));
  ARROW_ASSIGN_OR_RAISE(plain, WithoutViews(plain));
  if (plain->type()->Equals(*to)) return plain;

  if (const auto by = ByWholeDecimals(*plain->type(), *to); by != nullptr) {
    const auto middle = ExactCast(plain, by, allow);
    const auto cast = middle.ok() ? ExactCast(*middle, to, allow) : middle;
    if (const auto row = BadRowOf(cast.status())) return BadValue(*plain, *row, *to, {});
    return cast;
  }
  if (arrow::is_decimal(plain->type_id()) && arrow::is_decimal(to->id())) {
    ARROW_ASSIGN_OR_RAISE(auto cast, CastDecimal(*plain, to));
    if (cast.bad_row.has_value()) return BadValue(*plain, *cast.bad_row, *to, {});
    return cast.values;
  }

  const auto loss = LossOf(*plain->type(), *to);
  const bool lossy = std::find(allow.begin(), allow.end(), loss) != allow.end();
  auto safe = arrow::compute::CastOptions::Safe();
  safe.allow_time_truncate = lossy;
  auto cast = CastByWay(plain, to, safe);
  if (!cast.ok()) {
    const int64_t row = FirstBad(plain->length(), [&](int64_t first, int64_t length) {
      return !CastByWay(plain->Slice(first, length), to, safe).ok();
    });
    if (plain->length() == 0 || CastByWay(plain->Slice(row, 1), to, safe).ok()) {
      return cast.status();
    }
    return BadValue(*plain, row, *to, loss);
  }
  if (IsText(*plain->type()) && arrow::is_floating(to->id())) {
    ARROW_RETURN_NOT_OK(CheckReadFloats(*plain, *cast, to));
  }
  const bool into_widest = arrow::is_integer(plain->type_id()) && arrow::is_decimal(to->id());
  if (into_widest || lossy || IsText(*plain->type()) || (IsText(*to) && IsTime(*plain->type())))
    return cast;

  // The library's own checks let some values change (double to float): only what comes back is
  // kept.
  const auto holds_bad = [&](int64_t first, int64_t length) {
    return !ComesBack(*plain->Slice(first, length), (*cast)->Slice(first, length));
  };
  if (!holds_bad(0, plain->length())) return cast;
  const int64_t row = FirstBad(plain->length(), holds_bad);
  return BadValue(*plain, row, *to, loss);
}

}  // namespace ampload::encode
