#include "source/file/folder_columns.h"

#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "ampload/log.h"
#include "source/file/glob.h"

namespace ampload::source {
namespace {

using arrow::compute::Expression;

constexpr std::string_view kNull = "__HIVE_DEFAULT_PARTITION__";

using Pairs = std::vector<std::pair<std::string, std::string>>;  // key, value; decoded

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A percent sign that starts no code stands for itself.
std::string PercentDecoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = high < 0 ? -1 : HexDigit(text[i + 2]);
    if (low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

Status Refuse(std::string_view what, const FoundInput& file) {
  return ConfigurationError(fmt::format(
      "source: {}; --no-hive leaves the names of the folders alone: path={}", what, file.path));
}

Result<Pairs> PairsOf(const FoundInput& file) {
  Pairs pairs;
  const auto parts = PathParts(file.below);
  std::set<std::string> seen;
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    const size_t equals = parts[i].find('=');
    if (equals == std::string::npos || equals == 0) continue;
    auto key = PercentDecoded(std::string_view(parts[i]).substr(0, equals));
    auto value = PercentDecoded(std::string_view(parts[i]).substr(equals + 1));
    if (!arrow::util::ValidateUTF8(key) || !arrow::util::ValidateUTF8(value)) {
      return Refuse("a folder's key=value is not UTF-8", file);
    }
    if (!seen.insert(key).second) {
      return Refuse(fmt::format("two folders of one path have the same key {}", key), file);
    }
    pairs.emplace_back(std::move(key), std::move(value));
  }
  return pairs;
}

std::vector<std::string> KeysOf(const Pairs& pairs) {
  std::vector<std::string> keys;
  keys.reserve(pairs.size());
  for (const auto& [key, value] : pairs) keys.push_back(key);
  return keys;
}

std::string Shown(const std::vector<std::string>& keys) {
  return keys.empty() ? "none" : fmt::format("{}", fmt::join(keys, ", "));
}

// The keys that all files of each given path have; empty where they differ.
Result<std::vector<std::string>> CommonKeys(std::span<const FoundInput> files,
                                            const std::vector<Pairs>& pairs) {
  std::optional<std::vector<std::string>> of_all;
  for (size_t start = 0; start < files.size();) {
    size_t end = start;
    bool same = true;
    size_t other = start;  // the first file with other keys
    bool any = false;
    for (; end < files.size() && files[end].given == files[start].given; ++end) {
      if (same && KeysOf(pairs[end]) != KeysOf(pairs[start])) {
        same = false;
        other = end;
      }
      any = any || !pairs[end].empty();
    }
    if (any && !same) {
      return Refuse(
          fmt::format(
              "folders are named key=value, but not every file has the same keys in the same "
              "order: other_path={}",
              files[other].path),
          files[start]);
    }
    auto keys = same ? KeysOf(pairs[start]) : std::vector<std::string>();
    if (of_all.has_value() && *of_all != keys) {
      return Refuse(fmt::format("the given paths have different columns in the names of their "
                                "folders, {} and {}; load them apart",
                                Shown(*of_all), Shown(keys)),
                    files[start]);
    }
    of_all = std::move(keys);
    start = end;
  }
  return of_all.value_or(std::vector<std::string>());
}

bool IsCanonicalInt64(const std::string& text) {
  int64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  return parsed.ec == std::errc() && parsed.ptr == end && std::to_string(value) == text;
}

std::shared_ptr<arrow::DataType> InferType(const std::vector<Pairs>& pairs, size_t column) {
  bool any = false;
  for (const auto& one : pairs) {
    const std::string& value = one[column].second;
    if (value == kNull) continue;
    if (!IsCanonicalInt64(value)) return arrow::utf8();
    any = true;
  }
  return any ? arrow::int64() : arrow::utf8();
}

Result<std::shared_ptr<arrow::Scalar>> Parse(const std::string& key, const std::string& value,
                                             const std::shared_ptr<arrow::DataType>& type,
                                             const FoundInput& file) {
  if (value == kNull) return arrow::MakeNullScalar(type);
  auto scalar = arrow::Scalar::Parse(type, value);
  if (scalar.ok()) return scalar;
  return Refuse(fmt::format("a folder's value is no {}: {}={}", type->ToString(), key, value),
                file);
}

// A shell that expands key=*/ itself leaves nothing for us to look below.
void TellOfFilesGivenThemselves(std::span<const FoundInput> files) {
  std::set<std::string> folders;
  for (const auto& file : files) {
    if (!file.below.empty()) return;
    const size_t slash = file.path.rfind('/');
    if (slash == std::string::npos) return;
    const size_t before = file.path.substr(0, slash).rfind('/') + 1;
    const auto folder = file.path.substr(before, slash - before);
    if (folder.find('=') == std::string::npos) return;
    folders.insert(folder);
  }
  if (folders.size() < 2) return;
  LogWarning("source",
             fmt::format("folders named key=value become columns below a folder or a glob that "
                         "ampload gets itself; put the pattern in quotes: path={}",
                         files.front().path));
}

}  // namespace

Result<FolderColumns> ReadFolderColumns(std::span<const FoundInput> files,
                                        const TypesByColumn& types) {
  std::vector<Pairs> pairs;
  for (const auto& file : files) {
    ARROW_ASSIGN_OR_RAISE(auto one, PairsOf(file));
    pairs.push_back(std::move(one));
  }
  TellOfFilesGivenThemselves(files);
  ARROW_ASSIGN_OR_RAISE(const auto keys, CommonKeys(files, pairs));
  FolderColumns columns;
  columns.values.resize(files.size());
  for (size_t c = 0; c < keys.size(); ++c) {
    const auto declared = types.find(keys[c]);
    const auto type = declared != types.end() ? declared->second : InferType(pairs, c);
    columns.fields.push_back(arrow::field(keys[c], type));
    for (size_t f = 0; f < files.size(); ++f) {
      ARROW_ASSIGN_OR_RAISE(auto value, Parse(keys[c], pairs[f][c].second, type, files[f]));
      columns.values[f].push_back(std::move(value));
    }
  }
  return columns;
}

Result<bool> MayPass(const Expression& filter, const arrow::Schema& schema,
                     std::span<const std::shared_ptr<arrow::Field>> fields,
                     std::span<const std::shared_ptr<arrow::Scalar>> values) {
  if (fields.empty()) return true;
  std::vector<Expression> known;
  for (size_t i = 0; i < fields.size(); ++i) {
    auto column = arrow::compute::field_ref(fields[i]->name());
    known.push_back(values[i]->is_valid ? arrow::compute::equal(std::move(column),
                                                                arrow::compute::literal(values[i]))
                                        : arrow::compute::is_null(std::move(column)));
  }
  ARROW_ASSIGN_OR_RAISE(const auto guarantee, arrow::compute::and_(known).Bind(schema));
  ARROW_ASSIGN_OR_RAISE(const auto left, arrow::compute::SimplifyWithGuarantee(filter, guarantee));
  return left.IsSatisfiable();
}

}  // namespace ampload::source
