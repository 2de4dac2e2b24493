#include "loader/identifier.h"

#include <arrow/extension_type.h>
#include <arrow/util/utf8.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/nearest_name.h"
#include "base/sha256.h"

namespace ampload {
namespace {

constexpr size_t kMaxTableNameBytes = 255;

bool IsUtf8(std::string_view text) {
  [[maybe_unused]] static const bool ready = [] {
    arrow::util::InitializeUTF8();
    return true;
  }();
  return arrow::util::ValidateUTF8(text);
}

std::string Join(const std::set<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

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

void AppendType(const arrow::DataType& type, std::string* out) {
  *out += '(';
  AppendText(type.name(), out);
  bool named_children = false;
  switch (type.id()) {
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryType&>(type);
      AppendType(*dictionary.index_type(), out);
      AppendType(*dictionary.value_type(), out);
      *out += dictionary.ordered() ? 'o' : '-';
      break;
    }
    case arrow::Type::EXTENSION: {
      const auto& extension = static_cast<const arrow::ExtensionType&>(type);
      AppendText(extension.extension_name(), out);
      AppendText(extension.Serialize(), out);
      AppendType(*extension.storage_type(), out);
      break;
    }
    case arrow::Type::FIXED_SIZE_LIST:
      *out += std::to_string(static_cast<const arrow::FixedSizeListType&>(type).list_size());
      break;
    case arrow::Type::MAP:
      *out += static_cast<const arrow::MapType&>(type).keys_sorted() ? 's' : '-';
      break;
    case arrow::Type::SPARSE_UNION:
    case arrow::Type::DENSE_UNION:
      for (const int8_t code : static_cast<const arrow::UnionType&>(type).type_codes()) {
        *out += std::to_string(code) + ',';
      }
      named_children = true;
      break;
    case arrow::Type::STRUCT:
      named_children = true;
      break;
    default:
      // Width, unit, zone, precision and scale stand in the text of a type without children.
      if (type.num_fields() == 0) AppendText(type.ToString(), out);
  }
  if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    AppendField(*map.key_field(), false, out);
    AppendField(*map.item_field(), false, out);
  } else {
    for (const auto& child : type.fields()) AppendField(*child, named_children, out);
  }
  *out += ')';
}

}  // namespace

Status CheckTableName(std::string_view name) {
  if (name.empty()) return ConfigurationError("table name is empty: give one, as in --table logs");
  if (name.find('\0') != std::string_view::npos) {
    return ConfigurationError("table name has a NUL byte: remove it");
  }
  if (!IsUtf8(name)) return ConfigurationError("table name is not UTF-8");
  if (name.size() > kMaxTableNameBytes) {
    return ConfigurationError("table name is longer than 255 bytes: length=" +
                              std::to_string(name.size()));
  }
  return Status::OK();
}

Status CheckColumnNames(const arrow::Schema& schema) {
  std::map<std::string, int> seen;
  std::set<std::string> twice;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const std::string& name = schema.field(i)->name();
    if (name.empty()) {
      return DataError("a column has no name: name it: position=" + std::to_string(i + 1));
    }
    if (!IsUtf8(name)) {
      return DataError("a column's name is not UTF-8: position=" + std::to_string(i + 1));
    }
    if (++seen[name] == 2) twice.insert(name);
  }
  if (twice.empty()) return Status::OK();
  return DataError("column names stand twice: rename them or choose columns: columns=" +
                   Join(twice));
}

Status CheckKeys(const arrow::Schema& schema, const std::vector<std::string>& keys) {
  std::set<std::string> seen;
  for (const auto& key : keys) {
    if (schema.GetFieldIndex(key) < 0) {
      const std::vector<std::string> names = schema.field_names();
      std::string message = "key is no column";
      if (const auto nearest = base::NearestName(key, names)) {
        message += ": did you mean " + *nearest + "?";
      }
      return ConfigurationError(message + ": key=" + key);
    }
    if (!seen.insert(key).second) {
      return ConfigurationError("key column is named twice: name it once: key=" + key);
    }
  }
  return Status::OK();
}

std::string SchemaFingerprint(const arrow::Schema& schema) {
  std::string text = "schema1:";
  for (const auto& field : schema.fields()) AppendField(*field, true, &text);
  return base::Sha256Hex(text);
}

}  // namespace ampload
