// The parts of a key: one column's values as key bytes. See key_encoder.h for the forms.
#pragma once

#include <arrow/api.h>

#include <charconv>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "encode/big_endian.h"

namespace ampload::lmdb {

using encode::PutBigEndian;

// Calls visit(row, bytes) for every row of a string, binary or fixed-size column.
template <class Array, class Visit>
void VisitRows(const arrow::Array& array, const Visit& visit) {
  const auto& typed = static_cast<const Array&>(array);
  for (int64_t i = 0; i < typed.length(); ++i) visit(i, std::string_view(typed.GetView(i)));
}
template <class Visit>
void VisitBytes(const arrow::Array& array, const Visit& visit) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return VisitRows<arrow::BinaryArray>(array, visit);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return VisitRows<arrow::LargeBinaryArray>(array, visit);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return VisitRows<arrow::BinaryViewArray>(array, visit);
    default:
      return VisitRows<arrow::FixedSizeBinaryArray>(array, visit);
  }
}

// Calls visit(row, value) for every row of an integer column, with the value in its own type.
template <class Visit>
void VisitIntegers(const arrow::Array& array, const Visit& visit) {
  const auto rows = [&]<class Type>(std::type_identity<Type>) {
    const auto* values = static_cast<const arrow::NumericArray<Type>&>(array).raw_values();
    for (int64_t i = 0; i < array.length(); ++i) visit(i, values[i]);
  };
  switch (array.type_id()) {
    case arrow::Type::INT8:
      return rows(std::type_identity<arrow::Int8Type>());
    case arrow::Type::INT16:
      return rows(std::type_identity<arrow::Int16Type>());
    case arrow::Type::INT32:
      return rows(std::type_identity<arrow::Int32Type>());
    case arrow::Type::INT64:
      return rows(std::type_identity<arrow::Int64Type>());
    case arrow::Type::UINT8:
      return rows(std::type_identity<arrow::UInt8Type>());
    case arrow::Type::UINT16:
      return rows(std::type_identity<arrow::UInt16Type>());
    case arrow::Type::UINT32:
      return rows(std::type_identity<arrow::UInt32Type>());
    default:
      return rows(std::type_identity<arrow::UInt64Type>());
  }
}

inline size_t EscapedSize(std::string_view bytes) {
  size_t size = bytes.size() + 2;
  for (const char c : bytes) size += c == '\0' ? 1 : 0;
  return size;
}
inline char* PutEscaped(std::string_view bytes, char* out) {
  for (const char c : bytes) {
    *out++ = c;
    if (c == '\0') *out++ = '\xff';
  }
  *out++ = '\0';
  *out++ = '\0';
  return out;
}

inline constexpr size_t kMaxDigits = 20;
template <class T>
size_t PutDigits(T value, char* out) {
  return static_cast<size_t>(std::to_chars(out, out + kMaxDigits, value).ptr - out);
}

}  // namespace ampload::lmdb
