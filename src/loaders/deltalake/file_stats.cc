#include "loaders/deltalake/file_stats.h"

#include <arrow/api.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "encode/iso8601.h"
#include "loaders/deltalake/partition_values.h"

namespace ampload::deltalake {
namespace {

using arrow::Type;
using Path = std::vector<std::string>;

constexpr char kStatsColumns[] = "delta.dataSkippingStatsColumns";
constexpr char kStatsCount[] = "delta.dataSkippingNumIndexedCols";
constexpr char kBatchColumn[] = "_amp_batch_id";
constexpr int64_t kDefaultCount = 32;
constexpr size_t kLongestText = 32;  // characters
constexpr int64_t kMicrosPerMilli = 1000;

// ---- Which columns.

struct Leaf {
  Path logical;
  Path physical;
};

void AddLeaves(const arrow::Field& logical, const arrow::Field& physical, Leaf above,
               std::vector<Leaf>* out) {
  above.logical.push_back(logical.name());
  above.physical.push_back(physical.name());
  if (logical.type()->id() != Type::STRUCT) return out->push_back(std::move(above));
  for (int i = 0; i < logical.type()->num_fields(); ++i) {
    AddLeaves(*logical.type()->field(i), *physical.type()->field(i), above, out);
  }
}

// "a, b.c, `d.e`.f": names as SQL has them.
std::vector<Path> NamedColumns(std::string_view text) {
  std::vector<Path> paths;
  Path path;
  std::string name;
  bool quoted = false;
  const auto end_name = [&] {
    if (!name.empty()) path.push_back(std::move(name));
    name.clear();
  };
  const auto end_path = [&] {
    end_name();
    if (!path.empty()) paths.push_back(std::move(path));
    path.clear();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '`') {
      if (quoted && i + 1 < text.size() && text[i + 1] == '`') {
        name += c;
        ++i;
      } else {
        quoted = !quoted;
      }
    } else if (quoted || (c != ',' && c != '.' && c != ' ')) {
      name += c;
    } else if (c == ',') {
      end_path();
    } else if (c == '.') {
      end_name();
    }
  }
  end_path();
  return paths;
}

bool IsWithin(const Path& path, const Path& above) {
  return path.size() >= above.size() && std::equal(above.begin(), above.end(), path.begin());
}

Result<int64_t> CountOf(const Metadata& metadata) {
  const auto set = metadata.configuration.find(kStatsCount);
  if (set == metadata.configuration.end()) return kDefaultCount;
  const std::string& text = set->second;
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc() && end == text.data() + text.size() && count >= -1) return count;
  return ConfigurationError(
      "deltalake: a property of the table is no number of columns (-1 or more): " +
      std::string(kStatsCount) + "=" + text);
}

// ---- The JSON text. Decimals have more digits than a JSON library keeps, so it is put together
// here.

struct Node {
  std::string name;
  std::string value;  // of a leaf
  std::vector<Node> members;
};

void Put(const Path& path, std::string value, Node* root) {
  Node* at = root;
  for (const auto& name : path) {
    auto found = std::find_if(at->members.begin(), at->members.end(),
                              [&](const Node& member) { return member.name == name; });
    if (found == at->members.end()) {
      at->members.push_back({name, {}, {}});
      found = at->members.end() - 1;
    }
    at = &*found;
  }
  at->value = std::move(value);
}

std::string Quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void Append(const Node& node, std::string* out) {
  if (!node.value.empty()) {
    *out += node.value;
    return;
  }
  *out += '{';
  for (const auto& member : node.members) {
    if (out->back() != '{') *out += ',';
    *out += Quoted(member.name) + ":";
    Append(member, out);
  }
  *out += '}';
}

// ---- Values.

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Where the first `characters` characters end.
size_t EndOf(const std::string& text, size_t characters) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if (IsContinuation(text[at])) continue;
    if (characters-- == 0) break;
  }
  return at;
}

char32_t CodePoint(std::string_view character) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(character[i]); };
  char32_t code = byte(0);
  if (character.size() > 1) code &= 0x7fu >> character.size();
  for (size_t i = 1; i < character.size(); ++i) code = (code << 6) | (byte(i) & 0x3fu);
  return code;
}

std::string Utf8Of(char32_t code) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xc0 | (code >> 6)), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xe0 | (code >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | (code >> 18)), tail(12), tail(6), tail(0)};
}

// The least text of at most that many characters that is greater than all that begin with `text`.
std::optional<std::string> Raised(std::string text) {
  constexpr char32_t kLast = 0x10ffff;
  while (!text.empty()) {
    size_t at = text.size() - 1;
    while (at > 0 && IsContinuation(text[at])) --at;
    char32_t code = CodePoint(std::string_view(text).substr(at)) + 1;
    text.resize(at);
    if (code == 0xd800) code = 0xe000;  // surrogates are no characters
    if (code <= kLast) return text + Utf8Of(code);
  }
  return std::nullopt;
}

std::optional<std::string> TextBound(const std::string& text, bool is_max) {
  const size_t end = EndOf(text, kLongestText);
  if (end == text.size()) return Quoted(text);
  if (!is_max) return Quoted(text.substr(0, end));
  const auto raised = Raised(text.substr(0, end));
  return raised ? std::optional(Quoted(*raised)) : std::nullopt;
}

std::optional<std::string> TimestampBound(int64_t micros, bool utc, bool is_max) {
  int64_t millis = micros / kMicrosPerMilli;
  const int64_t rest = micros % kMicrosPerMilli;
  if (rest < 0) --millis;
  if (rest != 0 && is_max) ++millis;
  constexpr auto kUnit = arrow::TimeUnit::MILLI;
  if (!encode::IsTimestamp(millis, kUnit)) return std::nullopt;
  char text[64];
  std::string out(text, encode::PutTimestamp(text, millis, kUnit, /*utc=*/false));
  out.resize(out.size() - 3);  // three digits behind the point
  return '"' + out + (utc ? "Z\"" : "\"");
}

// A JSON number has no infinities.
std::optional<std::string> FloatBound(double value) {
  if (!std::isfinite(value)) return std::nullopt;
  return nlohmann::json(value).dump();
}

// nullopt: Delta keeps no bounds of such a value.
std::optional<std::string> Bound(const std::shared_ptr<arrow::Scalar>& value, bool is_max) {
  if (value == nullptr || !value->is_valid) return std::nullopt;
  switch (value->type->id()) {
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::DECIMAL128:
      return PartitionText(*value).ValueOr(std::nullopt);  // digits
    case Type::FLOAT:
      return FloatBound(static_cast<const arrow::FloatScalar&>(*value).value);
    case Type::DOUBLE:
      return FloatBound(static_cast<const arrow::DoubleScalar&>(*value).value);
    case Type::STRING:
      return TextBound(static_cast<const arrow::StringScalar&>(*value).value->ToString(), is_max);
    case Type::DATE32: {
      const auto text = PartitionText(*value).ValueOr(std::nullopt);
      return text ? std::optional('"' + *text + '"') : std::nullopt;
    }
    case Type::TIMESTAMP:
      return TimestampBound(
          static_cast<const arrow::TimestampScalar&>(*value).value,
          !static_cast<const arrow::TimestampType&>(*value->type).timezone().empty(), is_max);
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<std::vector<std::vector<std::string>>> IndexedColumns(const arrow::Schema& physical,
                                                             const Metadata& metadata,
                                                             const arrow::Schema& logical) {
  std::vector<Leaf> leaves;
  for (int i = 0; i < logical.num_fields(); ++i) {
    const auto& partitions = metadata.partition_columns;
    const auto& field = *logical.field(i);
    if (std::find(partitions.begin(), partitions.end(), field.name()) != partitions.end()) continue;
    AddLeaves(field, *physical.field(i), {}, &leaves);
  }
  const auto named = metadata.configuration.find(kStatsColumns);
  std::vector<Path> columns;
  int64_t count = -1;
  if (named != metadata.configuration.end()) {
    columns = NamedColumns(named->second);
  } else {
    ARROW_ASSIGN_OR_RAISE(count, CountOf(metadata));
  }
  std::vector<Path> indexed;
  for (size_t i = 0; i < leaves.size(); ++i) {
    const auto& leaf = leaves[i];
    const bool is_batch = leaf.logical == Path{kBatchColumn};
    const bool taken = named == metadata.configuration.end()
                           ? count == -1 || std::cmp_less(i, count)
                           : std::any_of(columns.begin(), columns.end(), [&](const auto& column) {
                               return IsWithin(leaf.logical, column);
                             });
    if (taken || is_batch) indexed.push_back(leaf.physical);
  }
  return indexed;
}

std::string StatsJson(const lake::DataFile& file, const std::vector<Path>& indexed) {
  Node minima;
  Node maxima;
  Node nulls;
  for (const auto& column : file.stats) {
    if (std::find(indexed.begin(), indexed.end(), column.path) == indexed.end()) continue;
    Put(column.path, std::to_string(column.null_count), &nulls);
    if (auto bound = Bound(column.min, false)) Put(column.path, std::move(*bound), &minima);
    if (auto bound = Bound(column.max, true)) Put(column.path, std::move(*bound), &maxima);
  }
  std::string json = "{\"numRecords\":" + std::to_string(file.rows) + ",\"minValues\":";
  Append(minima, &json);
  json += ",\"maxValues\":";
  Append(maxima, &json);
  json += ",\"nullCount\":";
  Append(nulls, &json);
  return json + "}";
}

}  // namespace ampload::deltalake
