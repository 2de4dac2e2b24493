#include "encode/pg/first_null.h"

#include <arrow/array/array_dict.h>
#include <arrow/array/array_run_end.h>
#include <arrow/extension_type.h>

namespace ampload::encode::pg {
namespace {

using arrow::Type;

bool MayHaveNulls(const arrow::Array& array) {
  switch (array.type_id()) {
    case Type::NA:
      return true;
    case Type::EXTENSION:
      return MayHaveNulls(*static_cast<const arrow::ExtensionArray&>(array).storage());
    case Type::DICTIONARY:
      return array.null_count() > 0 ||
             MayHaveNulls(*static_cast<const arrow::DictionaryArray&>(array).dictionary());
    case Type::RUN_END_ENCODED:
      return MayHaveNulls(*static_cast<const arrow::RunEndEncodedArray&>(array).values());
    default:
      return array.null_count() > 0;
  }
}

bool IsNullAt(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case Type::EXTENSION:
      return IsNullAt(*static_cast<const arrow::ExtensionArray&>(array).storage(), row);
    case Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
      if (dictionary.IsNull(row)) return true;
      const int64_t index = dictionary.GetValueIndex(row);
      const auto& values = *dictionary.dictionary();
      return index >= 0 && index < values.length() && IsNullAt(values, index);
    }
    case Type::RUN_END_ENCODED: {
      const auto& runs = static_cast<const arrow::RunEndEncodedArray&>(array);
      const auto one = runs.Slice(row, 1);
      const auto& slice = static_cast<const arrow::RunEndEncodedArray&>(*one);
      return IsNullAt(*slice.values(), slice.FindPhysicalOffset());
    }
    default:
      return array.IsNull(row);
  }
}

}  // namespace

std::optional<int64_t> FirstNull(const arrow::Array& array) {
  if (!MayHaveNulls(array)) return std::nullopt;
  for (int64_t row = 0; row < array.length(); ++row) {
    if (IsNullAt(array, row)) return row;
  }
  return std::nullopt;
}

}  // namespace ampload::encode::pg
