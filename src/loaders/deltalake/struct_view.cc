#include "loaders/deltalake/struct_view.h"

namespace ampload::deltalake {
namespace {

template <class Array>
std::string_view ViewOf(const arrow::Array& array, int64_t row) {
  return static_cast<const Array&>(array).GetView(row);
}

bool HasValue(const arrow::Array* array, int64_t row) {
  return array != nullptr && !array->IsNull(row);
}

std::optional<std::string> Owned(std::optional<std::string_view> text) {
  return text.has_value() ? std::optional(std::string(*text)) : std::nullopt;
}

}  // namespace

std::optional<std::string_view> TextAt(const arrow::Array* array, int64_t row) {
  if (!HasValue(array, row)) return std::nullopt;
  switch (array->type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return ViewOf<arrow::BinaryArray>(*array, row);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return ViewOf<arrow::LargeBinaryArray>(*array, row);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return ViewOf<arrow::BinaryViewArray>(*array, row);
    case arrow::Type::DICTIONARY: {
      const auto& coded = static_cast<const arrow::DictionaryArray&>(*array);
      return TextAt(coded.dictionary().get(), coded.GetValueIndex(row));
    }
    default:
      return std::nullopt;
  }
}

std::optional<int64_t> IntegerAt(const arrow::Array* array, int64_t row) {
  if (!HasValue(array, row)) return std::nullopt;
  switch (array->type_id()) {
    case arrow::Type::INT32:
      return static_cast<const arrow::Int32Array&>(*array).Value(row);
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Array&>(*array).Value(row);
    default:
      return std::nullopt;
  }
}

std::optional<bool> BooleanAt(const arrow::Array* array, int64_t row) {
  if (!HasValue(array, row) || array->type_id() != arrow::Type::BOOL) return std::nullopt;
  return static_cast<const arrow::BooleanArray&>(*array).Value(row);
}

std::optional<NullableTexts> TextMapAt(const arrow::Array* array, int64_t row) {
  if (!HasValue(array, row) || array->type_id() != arrow::Type::MAP) return std::nullopt;
  const auto& map = static_cast<const arrow::MapArray&>(*array);
  NullableTexts out;
  for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
    out.emplace(TextAt(map.keys().get(), i).value_or(""), Owned(TextAt(map.items().get(), i)));
  }
  return out;
}

const arrow::Array* FieldOf(const arrow::StructArray* array, std::string_view field) {
  if (array == nullptr) return nullptr;
  const int index = array->struct_type()->GetFieldIndex(std::string(field));
  return index < 0 ? nullptr : array->field(index).get();
}

const arrow::StructArray* StructOf(const arrow::StructArray* array, std::string_view field) {
  const auto* found = FieldOf(array, field);
  if (found == nullptr || found->type_id() != arrow::Type::STRUCT) return nullptr;
  return static_cast<const arrow::StructArray*>(found);
}

std::optional<std::string> StructView::Text(std::string_view field) const {
  return Owned(TextAt(FieldOf(array_, field), row_));
}

std::optional<int64_t> StructView::Integer(std::string_view field) const {
  return IntegerAt(FieldOf(array_, field), row_);
}

std::optional<bool> StructView::Boolean(std::string_view field) const {
  return BooleanAt(FieldOf(array_, field), row_);
}

std::optional<std::vector<std::string>> StructView::TextList(std::string_view field) const {
  const auto* column = FieldOf(array_, field);
  if (!HasValue(column, row_) || column->type_id() != arrow::Type::LIST) return std::nullopt;
  const auto& list = static_cast<const arrow::ListArray&>(*column);
  std::vector<std::string> out;
  for (int64_t i = list.value_offset(row_); i < list.value_offset(row_ + 1); ++i) {
    out.emplace_back(TextAt(list.values().get(), i).value_or(""));
  }
  return out;
}

std::optional<NullableTexts> StructView::TextMap(std::string_view field) const {
  return TextMapAt(FieldOf(array_, field), row_);
}

StructView StructView::Struct(std::string_view field) const {
  return {StructOf(array_, field), row_};
}

}  // namespace ampload::deltalake
