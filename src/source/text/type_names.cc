#include "source/text/type_names.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "base/nearest_name.h"

namespace ampload::source {
namespace {

using arrow::DataType;
using arrow::TimeUnit;
using TypePtr = std::shared_ptr<DataType>;
using FieldPtr = std::shared_ptr<arrow::Field>;

constexpr int kDeepestType = 64;

struct PlainType {
  std::string name;
  TypePtr type;
};

const std::vector<PlainType>& PlainTypes() {
  static const std::vector<PlainType> types = {
      {"null", arrow::null()},
      {"bool", arrow::boolean()},
      {"int8", arrow::int8()},
      {"int16", arrow::int16()},
      {"int32", arrow::int32()},
      {"int64", arrow::int64()},
      {"uint8", arrow::uint8()},
      {"uint16", arrow::uint16()},
      {"uint32", arrow::uint32()},
      {"uint64", arrow::uint64()},
      {"halffloat", arrow::float16()},
      {"float16", arrow::float16()},
      {"float", arrow::float32()},
      {"float32", arrow::float32()},
      {"double", arrow::float64()},
      {"float64", arrow::float64()},
      {"string", arrow::utf8()},
      {"utf8", arrow::utf8()},
      {"text", arrow::utf8()},
      {"large_string", arrow::large_utf8()},
      {"string_view", arrow::utf8_view()},
      {"binary", arrow::binary()},
      {"large_binary", arrow::large_binary()},
      {"binary_view", arrow::binary_view()},
      {"date32", arrow::date32()},
      {"date32[day]", arrow::date32()},
      {"date64", arrow::date64()},
      {"date64[ms]", arrow::date64()},
      {"month_interval", arrow::month_interval()},
      {"day_time_interval", arrow::day_time_interval()},
      {"month_day_nano_interval", arrow::month_day_nano_interval()},
  };
  return types;
}

constexpr std::string_view kFamilies[] = {
    "timestamp", "time32",     "time64",     "duration",        "decimal",
    "decimal32", "decimal64",  "decimal128", "decimal256",      "fixed_size_binary",
    "list",      "large_list", "list_view",  "large_list_view", "fixed_size_list",
    "struct",    "map",        "dictionary", "run_end_encoded",
};

std::string NearestType(std::string_view wrong) {
  std::vector<std::string> names;
  for (const auto& plain : PlainTypes()) names.push_back(plain.name);
  for (const auto family : kFamilies) names.emplace_back(family);
  const auto nearest = base::NearestName(wrong, names);
  return nearest ? fmt::format("; did you mean {}?", *nearest) : std::string();
}

std::optional<TimeUnit::type> ParseUnit(std::string_view text) {
  if (text == "s") return TimeUnit::SECOND;
  if (text == "ms") return TimeUnit::MILLI;
  if (text == "us") return TimeUnit::MICRO;
  if (text == "ns") return TimeUnit::NANO;
  return std::nullopt;
}

// Eats a type's name from the front of a text.
class TypeParser {
 public:
  explicit TypeParser(std::string_view text) : whole_(text), rest_(text) {}

  Result<TypePtr> ParseWhole() {
    ARROW_ASSIGN_OR_RAISE(auto type, ParseType(0));
    if (!Trimmed().empty()) return Wrong("something follows the type");
    return type;
  }

 private:
  Status Wrong(std::string_view why) const {
    return ConfigurationError(fmt::format("types: {}: type={}", why, whole_));
  }

  std::string_view Trimmed() {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
    return rest_;
  }
  bool Skip(char c) {
    if (!Trimmed().starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  Status Expect(char c) {
    return Skip(c) ? Status::OK() : Wrong(fmt::format("a '{}' is missing", c));
  }
  // Up to one of `ends` or the end of the text, without spaces at either end.
  std::string_view Word(std::string_view ends) {
    const auto text = Trimmed();
    auto word = text.substr(0, text.find_first_of(ends));
    rest_.remove_prefix(word.size());
    while (word.ends_with(' ')) word.remove_suffix(1);
    return word;
  }
  Result<int32_t> Number(std::string_view ends) {
    const auto word = Word(ends);
    int32_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size()) {
      return Wrong(fmt::format("not a number: {}", word));
    }
    return number;
  }
  bool SkipNotNull() {
    if (!Trimmed().starts_with("not null")) return false;
    rest_.remove_prefix(8);
    return true;
  }

  // NAME, with "[day]" or "[ms]" where it belongs to the name; then what the family needs.
  Result<TypePtr> ParseType(int depth) {
    if (depth > kDeepestType) return Wrong(fmt::format("nested deeper than {}", kDeepestType));
    std::string name(Word("[(<,:>])"));
    // The name of a field's type may be followed by "not null".
    if (const size_t space = name.find(' '); space != std::string::npos) {
      rest_ = std::string_view(rest_.data() - (name.size() - space),
                               rest_.size() + name.size() - space);
      name.resize(space);
    }
    for (const std::string suffix : {"[day]", "[ms]"}) {
      if (name.starts_with("date") && rest_.starts_with(suffix)) {
        name += suffix;
        rest_.remove_prefix(suffix.size());
      }
    }
    for (const auto& plain : PlainTypes()) {
      if (plain.name == name) return plain.type;
    }
    if (name.empty()) return Wrong("a type is missing");
    const auto& families = kFamilies;
    if (std::find(std::begin(families), std::end(families), name) == std::end(families)) {
      return Wrong(fmt::format("no such type: {}{}", name, NearestType(name)));
    }
    if (name.starts_with("decimal")) return ParseDecimal(name);
    if (name == "fixed_size_binary") return ParseFixedBinary();
    if (name == "timestamp" || name == "duration" || name.starts_with("time")) {
      return ParseTime(name);
    }
    return ParseNested(name, depth + 1);
  }

  Result<TypePtr> ParseDecimal(const std::string& name) {
    if (!Skip('(')) return Wrong(fmt::format("write precision and scale: {}(38, 0)", name));
    ARROW_ASSIGN_OR_RAISE(const int32_t precision, Number(",)"));
    int32_t scale = 0;
    if (Skip(',')) {
      ARROW_ASSIGN_OR_RAISE(scale, Number(")"));
    }
    ARROW_RETURN_NOT_OK(Expect(')'));
    const bool wide = precision > arrow::Decimal128Type::kMaxPrecision;
    auto made = name == "decimal32"         ? arrow::Decimal32Type::Make(precision, scale)
                : name == "decimal64"       ? arrow::Decimal64Type::Make(precision, scale)
                : name == "decimal256"      ? arrow::Decimal256Type::Make(precision, scale)
                : name == "decimal" && wide ? arrow::Decimal256Type::Make(precision, scale)
                                            : arrow::Decimal128Type::Make(precision, scale);
    if (!made.ok()) return Wrong(made.status().message());
    return made;
  }

  Result<TypePtr> ParseFixedBinary() {
    if (!Skip('[')) return Wrong("write the length: fixed_size_binary[32]");
    ARROW_ASSIGN_OR_RAISE(const int32_t width, Number("]"));
    ARROW_RETURN_NOT_OK(Expect(']'));
    if (width < 1) return Wrong("the length must be 1 or more");
    return arrow::fixed_size_binary(width);
  }

  Result<TypePtr> ParseTime(const std::string& name) {
    if (!Skip('[')) return Wrong(fmt::format("write the unit: {}[us] (s, ms, us, ns)", name));
    const auto word = Word(",]");
    const auto unit = ParseUnit(word);
    if (!unit) return Wrong(fmt::format("not a unit (s, ms, us, ns): {}", word));
    std::string zone;
    if (name == "timestamp" && Skip(',')) {
      auto text = Word("]");
      if (text.starts_with("tz=")) text.remove_prefix(3);
      if (text.empty()) return Wrong("the time zone is missing");
      zone = text;
    }
    ARROW_RETURN_NOT_OK(Expect(']'));
    if (name == "timestamp") return arrow::timestamp(*unit, zone);
    if (name == "duration") return arrow::duration(*unit);
    const bool coarse = *unit == TimeUnit::SECOND || *unit == TimeUnit::MILLI;
    if (coarse != (name == "time32")) return Wrong("time32 has s or ms, time64 us or ns");
    return coarse ? arrow::time32(*unit) : arrow::time64(*unit);
  }

  // "item: int64 not null"; the name may be left out where `default_name` stands for it.
  Result<FieldPtr> ParseField(int depth, std::string_view default_name) {
    std::string name(default_name);
    const auto before = Trimmed();
    const auto word = Word("[(<,:>])");
    if (Skip(':')) {
      name = word;
      if (name.empty()) return Wrong("a field's name is missing");
    } else if (default_name.empty()) {
      return Wrong("write a field as name: type");
    } else {
      rest_ = before;
    }
    ARROW_ASSIGN_OR_RAISE(auto type, ParseType(depth));
    const bool nullable = !SkipNotNull();
    return arrow::field(std::move(name), std::move(type), nullable);
  }

  Result<TypePtr> ParseNested(const std::string& name, int depth) {
    if (!Skip('<')) return Wrong(fmt::format("write what is inside: {}<...>", name));
    if (name == "struct") return ParseStruct(depth);
    if (name == "map") return ParseMap(depth);
    if (name == "dictionary") return ParseDictionary(depth);
    if (name == "run_end_encoded") return ParseRunEndEncoded(depth);
    ARROW_ASSIGN_OR_RAISE(auto item, ParseField(depth, "item"));
    ARROW_RETURN_NOT_OK(Expect('>'));
    if (name == "list") return arrow::list(std::move(item));
    if (name == "large_list") return arrow::large_list(std::move(item));
    if (name == "list_view") return arrow::list_view(std::move(item));
    if (name == "large_list_view") return arrow::large_list_view(std::move(item));
    if (!Skip('[')) return Wrong("write the length: fixed_size_list<int64>[3]");
    ARROW_ASSIGN_OR_RAISE(const int32_t size, Number("]"));
    ARROW_RETURN_NOT_OK(Expect(']'));
    if (size < 0) return Wrong("a negative length");
    return arrow::fixed_size_list(std::move(item), size);
  }

  Result<TypePtr> ParseStruct(int depth) {
    std::vector<FieldPtr> fields;
    if (Skip('>')) return arrow::struct_(fields);
    do {
      ARROW_ASSIGN_OR_RAISE(auto field, ParseField(depth, ""));
      for (const auto& other : fields) {
        if (other->name() == field->name()) {
          return Wrong(fmt::format("a field comes twice: {}", field->name()));
        }
      }
      fields.push_back(std::move(field));
    } while (Skip(','));
    ARROW_RETURN_NOT_OK(Expect('>'));
    return arrow::struct_(fields);
  }

  // "string, int64", "string, int64 not null", "string, int64, keys_sorted"
  Result<TypePtr> ParseMap(int depth) {
    ARROW_ASSIGN_OR_RAISE(auto key, ParseField(depth, "key"));
    ARROW_RETURN_NOT_OK(Expect(','));
    ARROW_ASSIGN_OR_RAISE(auto item, ParseField(depth, "value"));
    bool sorted = false;
    if (Skip(',')) {
      sorted = Word(">") == "keys_sorted";
      if (!sorted) return Wrong("a map has a key, a value, and maybe keys_sorted");
    }
    ARROW_RETURN_NOT_OK(Expect('>'));
    return std::make_shared<arrow::MapType>(key->WithNullable(false), std::move(item), sorted);
  }

  // "values=string, indices=int32, ordered=0"
  Result<TypePtr> ParseDictionary(int depth) {
    TypePtr values;
    TypePtr indices = arrow::int32();
    bool ordered = false;
    do {
      const std::string name(Word("=>"));
      ARROW_RETURN_NOT_OK(Expect('='));
      if (name == "values") {
        ARROW_ASSIGN_OR_RAISE(values, ParseType(depth));
      } else if (name == "indices") {
        ARROW_ASSIGN_OR_RAISE(indices, ParseType(depth));
      } else if (name == "ordered") {
        ordered = Word(",>") == "1";
      } else {
        return Wrong(fmt::format("no such part of a dictionary: {}", name));
      }
    } while (Skip(','));
    ARROW_RETURN_NOT_OK(Expect('>'));
    if (values == nullptr) return Wrong("write dictionary<values=TYPE, indices=TYPE>");
    auto made = arrow::DictionaryType::Make(indices, values, ordered);
    if (!made.ok()) return Wrong(made.status().message());
    return made;
  }

  // "run_ends: int32, values: string"
  Result<TypePtr> ParseRunEndEncoded(int depth) {
    ARROW_ASSIGN_OR_RAISE(const auto ends, ParseField(depth, "run_ends"));
    ARROW_RETURN_NOT_OK(Expect(','));
    ARROW_ASSIGN_OR_RAISE(const auto values, ParseField(depth, "values"));
    ARROW_RETURN_NOT_OK(Expect('>'));
    if (!arrow::RunEndEncodedType::RunEndTypeValid(*ends->type())) {
      return Wrong("run ends are int16, int32 or int64");
    }
    return arrow::run_end_encoded(ends->type(), values->type());
  }

  const std::string_view whole_;
  std::string_view rest_;
};

// The parts between commas that stand outside of brackets.
std::vector<std::string_view> SplitEntries(std::string_view text) {
  std::vector<std::string_view> entries;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (std::string_view("([<").find(text[i]) != std::string_view::npos) ++depth;
    if (std::string_view(")]>").find(text[i]) != std::string_view::npos) --depth;
    if (text[i] != ',' || depth > 0) continue;
    entries.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  entries.push_back(text.substr(begin));
  return entries;
}

size_t LastColonOutside(std::string_view entry) {
  int depth = 0;
  for (size_t i = entry.size(); i-- > 0;) {
    if (std::string_view(")]>").find(entry[i]) != std::string_view::npos) ++depth;
    if (std::string_view("([<").find(entry[i]) != std::string_view::npos) --depth;
    if (entry[i] == ':' && depth <= 0) return i;
  }
  return std::string_view::npos;
}

}  // namespace

Result<TypePtr> ParseTypeName(std::string_view text) { return TypeParser(text).ParseWhole(); }

Result<std::map<std::string, TypePtr>> ParseTypeList(std::string_view text) {
  std::map<std::string, TypePtr> types;
  if (text.empty()) return types;
  for (const auto entry : SplitEntries(text)) {
    const size_t colon = LastColonOutside(entry);
    if (colon == std::string_view::npos || colon == 0) {
      return ConfigurationError(
          fmt::format("types: write column:type,column:type: entry={}", entry));
    }
    std::string column(entry.substr(0, colon));
    ARROW_ASSIGN_OR_RAISE(auto type, ParseTypeName(entry.substr(colon + 1)));
    if (!types.emplace(column, std::move(type)).second) {
      return ConfigurationError(fmt::format("types: a column comes twice: column={}", column));
    }
  }
  return types;
}

}  // namespace ampload::source
