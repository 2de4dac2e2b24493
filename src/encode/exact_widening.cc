// Which types hold every value of another.
#include <arrow/type_traits.h>

#include "encode/exact_cast.h"
#include "encode/type_family.h"

namespace ampload::encode {
namespace {

using arrow::Type;

bool IsIntegerWidening(const arrow::DataType& from, const arrow::DataType& to) {
  const bool from_signed = arrow::is_signed_integer(from.id());
  const bool to_signed = arrow::is_signed_integer(to.id());
  if (from_signed && !to_signed) return false;
  return to.bit_width() > from.bit_width();
}

bool IsDecimalWidening(const arrow::DecimalType& from, const arrow::DecimalType& to) {
  return from.scale() == to.scale() && from.precision() <= to.precision();
}

int Rank(Type::type floating) {
  return floating == Type::HALF_FLOAT ? 0 : floating == Type::FLOAT ? 1 : 2;
}

}  // namespace

bool IsExactWidening(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.Equals(to) || from.id() == Type::NA) return true;
  if (arrow::is_integer(from.id()) && arrow::is_integer(to.id()))
    return IsIntegerWidening(from, to);
  if (arrow::is_floating(from.id()) && arrow::is_floating(to.id())) {
    return Rank(from.id()) < Rank(to.id());
  }
  if (arrow::is_decimal(from.id()) && arrow::is_decimal(to.id())) {
    return IsDecimalWidening(static_cast<const arrow::DecimalType&>(from),
                             static_cast<const arrow::DecimalType&>(to));
  }
  const auto family = FamilyOf(from);
  const bool bytes = family == TypeFamily::kString || family == TypeFamily::kBinary;
  return bytes && from.id() != Type::EXTENSION && to.id() != Type::EXTENSION &&
         family == FamilyOf(to);
}

}  // namespace ampload::encode
