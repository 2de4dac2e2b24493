#include "encode/pg/column_fit.h"

#include <arrow/type_traits.h>

#include <cstdlib>

#include "encode/type_family.h"

namespace ampload::encode::pg {
namespace {

using arrow::Type;

constexpr int kMostScale = 1000;  // a numeric's, on both sides of the point

bool IsText(const arrow::DataType& type) {
  return arrow::is_string(type.id()) || type.id() == Type::STRING_VIEW;
}
bool IsBytes(const arrow::DataType& type) {
  return arrow::is_binary(type.id()) || type.id() == Type::BINARY_VIEW ||
         type.id() == Type::FIXED_SIZE_BINARY;
}
bool IsList(const arrow::DataType& type) {
  return arrow::is_list_like(type.id()) && type.id() != Type::MAP;
}
bool IsViewList(const arrow::DataType& type) { return arrow::is_list_view(type.id()); }
bool IsDecimal(const arrow::DataType& type) {
  return arrow::is_decimal(type.id()) &&
         std::abs(static_cast<const arrow::DecimalType&>(type).scale()) <= kMostScale;
}
bool HasZone(const arrow::DataType& type) {
  return !static_cast<const arrow::TimestampType&>(type).timezone().empty();
}
bool IsSpan(const arrow::DataType& type) {
  return type.id() == Type::DURATION || arrow::is_interval(type.id());
}

// An interval whose fields end before the second would let time go: the second's bit in the typmod
// (PostgreSQL's datetime.h), or all of them.
bool KeepsTime(const PgType& interval) {
  if (interval.typmod < 0) return true;
  const int fields = interval.typmod >> 16;
  constexpr int kSecond = 1 << 12;
  return (fields & kSecond) != 0;
}

}  // namespace

bool IsMadeJson(const arrow::DataType& outer, const PgType& column) {
  const auto& type = Unwrapped(outer);
  return (column.kind == PgKind::kJson || column.kind == PgKind::kJsonb) &&
         arrow::is_nested(type.id()) && !arrow::is_union(type.id());
}

bool Fits(const arrow::DataType& outer, const PgType& column) {
  const auto& type = Unwrapped(outer);
  const Type::type id = type.id();
  if (id == Type::NA) return column.kind != PgKind::kOther;
  switch (column.kind) {
    case PgKind::kBool:
      return id == Type::BOOL;
    case PgKind::kInt2:
    case PgKind::kInt4:
    case PgKind::kInt8:
    case PgKind::kNumeric:
      return arrow::is_integer(id) || IsDecimal(type);
    case PgKind::kFloat4:
    case PgKind::kFloat8:
      return arrow::is_integer(id) || arrow::is_floating(id);
    case PgKind::kText:
      return IsText(type);
    case PgKind::kJson:
    case PgKind::kJsonb:
      return IsText(type) || IsMadeJson(type, column);
    case PgKind::kBytea:
      return IsBytes(type);
    case PgKind::kUuid:
      return id == Type::FIXED_SIZE_BINARY &&
             static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width() == 16;
    case PgKind::kDate:
      return arrow::is_date(id);
    case PgKind::kTime:
      return arrow::is_time(id);
    case PgKind::kTimestamp:
      return id == Type::TIMESTAMP && !HasZone(type);
    case PgKind::kTimestampTz:
      return id == Type::TIMESTAMP && HasZone(type);
    case PgKind::kInterval:
      return IsSpan(type) && KeepsTime(column);
    case PgKind::kArray:
      return (IsList(type) || IsViewList(type)) && column.element != nullptr &&
             column.element->kind != PgKind::kArray &&
             Fits(*type.field(0)->type(), *column.element);
    case PgKind::kOther:
      break;
  }
  return false;
}

}  // namespace ampload::encode::pg
