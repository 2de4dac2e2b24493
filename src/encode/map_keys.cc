#include "encode/map_keys.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/type_traits.h>
#include <arrow/util/ree_util.h>

#include "encode/column_writer.h"

namespace ampload::encode {
namespace {

using arrow::Type;

// Whether the value at `row` is null, or stands for one.
bool IsNull(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case Type::EXTENSION:
      return IsNull(*static_cast<const arrow::ExtensionArray&>(array).storage(), row);
    case Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
      return array.IsNull(row) || IsNull(*dictionary.dictionary(), dictionary.GetValueIndex(row));
    }
    case Type::RUN_END_ENCODED: {
      const auto& runs = static_cast<const arrow::RunEndEncodedArray&>(array);
      const arrow::ArraySpan span(*array.data());
      return IsNull(*runs.values(), arrow::ree_util::FindPhysicalIndex(span, row, span.offset));
    }
    default:
      return array.IsNull(row);
  }
}

bool MayBeNull(const arrow::Array& array) {
  if (array.type_id() == Type::EXTENSION) {
    return MayBeNull(*static_cast<const arrow::ExtensionArray&>(array).storage());
  }
  return array.type_id() == Type::DICTIONARY || array.type_id() == Type::RUN_END_ENCODED ||
         array.null_count() > 0;
}

}  // namespace

bool IsStringType(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::DICTIONARY:
      return IsStringType(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case Type::RUN_END_ENCODED:
      return IsStringType(*static_cast<const arrow::RunEndEncodedType&>(type).value_type());
    case Type::EXTENSION:
      return IsStringType(*static_cast<const arrow::ExtensionType&>(type).storage_type());
    default:
      return arrow::is_string(type.id()) || type.id() == Type::STRING_VIEW;
  }
}

MapKeys::MapKeys(const std::shared_ptr<arrow::ArrayData>& keys)
    : keys_(arrow::MakeArray(keys)), may_be_null_(MayBeNull(*keys_)) {}

int64_t MapKeys::FindNull(const Rows& rows) const {
  if (!may_be_null_) return rows.count;
  int64_t k = 0;
  while (k < rows.count && !IsNull(*keys_, rows[k])) ++k;
  return k;
}

}  // namespace ampload::encode
