#include <arrow/extension_type.h>
#include <arrow/type_traits.h>

#include <string>

#include "base/sha256.h"
#include "loader/identifier.h"

namespace ampload {
namespace {

// "5:hello": no text can be mistaken for the next part.
void AppendText(std::string_view text, std::string* out) {
  *out += std::to_string(text.size());
  *out += ':';
  *out += text;
}

void AppendType(const arrow::DataType& type, std::string* out);

// A list's or map's inner names mean nothing ("item", "element"), as in Arrow's own comparison.
void AppendField(const arrow::Field& field, bool with_name, std::string* out) {
  if (with_name) AppendText(field.name(), out);
  *out += field.nullable() ? '?' : '!';
  AppendType(*field.type(), out);
}

// What a type has besides its name and its fields.
void AppendParameters(const arrow::DataType& type, std::string* out) {
  switch (type.id()) {
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryType&>(type);
      AppendType(*dictionary.index_type(), out);
      AppendType(*dictionary.value_type(), out);
      *out += dictionary.ordered() ? 'o' : '-';
      return;
    }
    case arrow::Type::EXTENSION: {
      const auto& extension = static_cast<const arrow::ExtensionType&>(type);
      AppendText(extension.extension_name(), out);
      AppendText(extension.Serialize(), out);
      AppendType(*extension.storage_type(), out);
      return;
    }
    case arrow::Type::FIXED_SIZE_LIST:
      *out += std::to_string(static_cast<const arrow::FixedSizeListType&>(type).list_size());
      return;
    case arrow::Type::MAP:
      *out += static_cast<const arrow::MapType&>(type).keys_sorted() ? 's' : '-';
      return;
    case arrow::Type::SPARSE_UNION:
    case arrow::Type::DENSE_UNION:
      for (const int8_t code : static_cast<const arrow::UnionType&>(type).type_codes()) {
        *out += std::to_string(code) + ',';
      }
      return;
    default:
      // Width, unit, zone, precision and scale stand in the text of a type without fields.
      if (type.num_fields() == 0) AppendText(type.ToString(), out);
  }
}

void AppendFields(const arrow::DataType& type, std::string* out) {
  if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    AppendField(*map.key_field(), false, out);
    AppendField(*map.item_field(), false, out);
    return;
  }
  const bool named = type.id() == arrow::Type::STRUCT || arrow::is_union(type.id());
  for (const auto& field : type.fields()) AppendField(*field, named, out);
}

void AppendType(const arrow::DataType& type, std::string* out) {
  *out += '(';
  AppendText(type.name(), out);
  AppendParameters(type, out);
  AppendFields(type, out);
  *out += ')';
}

}  // namespace

std::string SchemaFingerprint(const arrow::Schema& schema) {
  std::string text = "schema1:";
  for (const auto& field : schema.fields()) AppendField(*field, true, &text);
  return base::Sha256Hex(text);
}

}  // namespace ampload
