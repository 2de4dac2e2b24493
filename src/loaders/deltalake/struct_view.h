// One row of a struct column, read by field name. Fields that are not there are null. Pure.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ampload::deltalake {

using NullableTexts = std::map<std::string, std::optional<std::string>>;

// The value of a row; nullopt: it is null, there is no such column (`array` is null), or it is of
// another type.
std::optional<std::string_view> TextAt(const arrow::Array* array, int64_t row);  // or of bytes
std::optional<int64_t> IntegerAt(const arrow::Array* array, int64_t row);        // of any width
std::optional<bool> BooleanAt(const arrow::Array* array, int64_t row);
std::optional<NullableTexts> TextMapAt(const arrow::Array* array, int64_t row);

// The field's column, or null. Slow: for many rows look once.
const arrow::Array* FieldOf(const arrow::StructArray* array, std::string_view field);
// Null also where it is no struct.
const arrow::StructArray* StructOf(const arrow::StructArray* array, std::string_view field);

class StructView {
 public:
  // `array` must outlive it. Null: no field is there.
  StructView(const arrow::StructArray* array, int64_t row) : array_(array), row_(row) {}

  // Is there a value, and not null?
  bool valid() const { return array_ != nullptr && array_->IsValid(row_); }

  std::optional<std::string> Text(std::string_view field) const;
  std::optional<int64_t> Integer(std::string_view field) const;
  std::optional<bool> Boolean(std::string_view field) const;
  std::optional<std::vector<std::string>> TextList(std::string_view field) const;
  std::optional<NullableTexts> TextMap(std::string_view field) const;
  StructView Struct(std::string_view field) const;

 private:
  const arrow::StructArray* array_;
  int64_t row_;
};

}  // namespace ampload::deltalake
