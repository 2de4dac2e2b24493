#include "loader/identifier.h"

#include <arrow/util/utf8.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/nearest_name.h"

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
      std::string message = "there is no column of that name";
      if (const auto nearest = base::NearestName(key, names)) {
        message += ": did you mean " + *nearest + "?";
      }
      return ConfigurationError(message + ": column=" + key +
                                " columns=" + Join({names.begin(), names.end()}));
    }
    if (!seen.insert(key).second) {
      return ConfigurationError("key column is named twice: name it once: key=" + key);
    }
  }
  return Status::OK();
}

}  // namespace ampload
