#include "ampload/options.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>

#include "base/ascii.h"
#include "base/nearest_name.h"

namespace ampload {
namespace {

struct Unit {
  std::string_view name;  // lower case
  int64_t factor;
};

constexpr int64_t kKibi = 1024;
constexpr int64_t kKilo = 1000;
constexpr std::array kByteUnits = {Unit{"", 1},
                                   Unit{"b", 1},
                                   Unit{"kib", kKibi},
                                   Unit{"mib", kKibi* kKibi},
                                   Unit{"gib", kKibi* kKibi* kKibi},
                                   Unit{"tib", kKibi* kKibi* kKibi* kKibi},
                                   Unit{"kb", kKilo},
                                   Unit{"mb", kKilo* kKilo},
                                   Unit{"gb", kKilo* kKilo* kKilo},
                                   Unit{"tb", kKilo* kKilo* kKilo* kKilo}};
constexpr std::array kDurationUnits = {Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60 * 1000},
                                       Unit{"h", 60 * 60 * 1000}};

std::string Join(std::span<const std::string> parts, std::string_view separator) {
  std::string text;
  for (const auto& part : parts) {
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

// The parts that follow fail with what was expected; a value is quoted only where it is no secret.
Status Unfit(const OptionSpec& spec, std::string_view expected, const std::string& text) {
  std::string message = spec.name + ": expected " + std::string(expected);
  if (!spec.secret) message += ": value=" + text;
  return ConfigurationError(message);
}

Result<OptionValue> ParseInteger(const OptionSpec& spec, const std::string& text) {
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  int64_t value = 0;
  const auto [stopped, error] = std::from_chars(begin, end, value);
  const bool signed_twice = begin != text.data() && begin != end && *begin == '-';
  if (error == std::errc::result_out_of_range) {
    return Unfit(spec, "a whole number of at most 64 bits", text);
  }
  if (error != std::errc() || stopped != end || signed_twice) {
    return Unfit(spec, "a whole number", text);
  }
  return value;
}

Result<OptionValue> ParseBoolean(const OptionSpec& spec, const std::string& text) {
  const std::string lower = base::LowerAscii(text);
  for (const auto* yes : {"true", "yes", "on", "1"}) {
    if (lower == yes) return true;
  }
  for (const auto* no : {"false", "no", "off", "0"}) {
    if (lower == no) return false;
  }
  return Unfit(spec, "true or false", text);
}

// Digits and a unit, multiplied without overflow.
Result<OptionValue> ParseQuantity(const OptionSpec& spec, const std::string& text,
                                  std::span<const Unit> units, std::string_view expected) {
  const std::string too_large = std::string(expected) + ", less than 2^63 in all";
  uint64_t count = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, count);
  if (error == std::errc::result_out_of_range) return Unfit(spec, too_large, text);
  if (error != std::errc()) return Unfit(spec, expected, text);
  const std::string name =
      base::LowerAscii(std::string_view(stopped, static_cast<size_t>(end - stopped)));
  for (const auto& unit : units) {
    if (unit.name != name) continue;
    if (count > static_cast<uint64_t>(std::numeric_limits<int64_t>::max() / unit.factor)) {
      return Unfit(spec, too_large, text);
    }
    return static_cast<int64_t>(count) * unit.factor;
  }
  return Unfit(spec, expected, text);
}

Result<OptionValue> ParseChoice(const OptionSpec& spec, const std::string& text) {
  for (const auto& choice : spec.choices) {
    if (choice == text) return text;
  }
  std::string expected = "one of " + Join(spec.choices, ", ");
  if (const auto nearest = base::NearestName(text, spec.choices); nearest && !spec.secret) {
    expected += ": did you mean " + *nearest + "?";
  }
  return Unfit(spec, expected, text);
}

std::string DescribeMissing(const OptionSpec& spec) {
  std::string text = spec.name + " is required";
  if (!spec.meaning.empty()) text += " (" + spec.meaning + ")";
  if (!spec.env.empty()) text += ": give it or set the environment variable " + spec.env;
  return text;
}

// What the option is set to: given, from its variable, its default; nullopt when unset. `source`
// says which, for the message of a bad value.
std::optional<std::string> FindText(const OptionSpec& spec, const ConfigMap& config,
                                    std::string* source) {
  if (const auto it = config.find(spec.name); it != config.end()) {
    if (!it->second.empty() || !spec.required) return it->second;
  }
  if (!spec.env.empty()) {
    const char* variable = std::getenv(spec.env.c_str());
    if (variable != nullptr && *variable != '\0') {
      *source = "environment variable " + spec.env + ": ";
      return variable;
    }
  }
  if (spec.default_value.empty()) return std::nullopt;
  return spec.default_value;
}

}  // namespace

std::string_view ToString(OptionType type) {
  switch (type) {
    case OptionType::kString:
      return "string";
    case OptionType::kInteger:
      return "integer";
    case OptionType::kBoolean:
      return "boolean";
    case OptionType::kBytes:
      return "bytes";
    case OptionType::kDuration:
      return "duration";
    case OptionType::kChoice:
      return "choice";
  }
  return "unknown";
}

Result<OptionValue> ParseOptionValue(const OptionSpec& spec, const std::string& text) {
  switch (spec.type) {
    case OptionType::kString:
      return text;
    case OptionType::kInteger:
      return ParseInteger(spec, text);
    case OptionType::kBoolean:
      return ParseBoolean(spec, text);
    case OptionType::kBytes:
      return ParseQuantity(spec, text, kByteUnits, "a size such as 1048576, 64MiB or 1GB");
    case OptionType::kDuration:
      return ParseQuantity(spec, text, kDurationUnits, "a duration such as 250ms, 10s, 5m or 1h");
    case OptionType::kChoice:
      return ParseChoice(spec, text);
  }
  return Unfit(spec, "a known option type", text);
}

Result<std::map<std::string, OptionValue>> ResolveOptions(std::span<const OptionSpec> specs,
                                                          const ConfigMap& config,
                                                          std::string_view whose) {
  std::map<std::string, OptionValue> values;
  std::vector<std::string> problems;
  std::vector<std::string> names;
  for (const auto& spec : specs) {
    names.push_back(spec.name);
    std::string source;
    const auto text = FindText(spec, config, &source);
    if (!text.has_value()) {
      if (spec.required) problems.push_back(DescribeMissing(spec));
      continue;
    }
    auto value = ParseOptionValue(spec, *text);
    if (value.ok()) {
      values[spec.name] = std::move(value).ValueUnsafe();
    } else {
      problems.push_back(source + value.status().message());
    }
  }
  // The value of an unknown option is never quoted: it may be a misspelt secret.
  for (const auto& [name, unused] : config) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const auto nearest = base::NearestName(name, names);
    problems.push_back("unknown option " + name +
                       (nearest ? ": did you mean " + *nearest + "?" : std::string()));
  }
  if (problems.empty()) return values;
  return ConfigurationError(std::string(whose) + ": " + Join(problems, "; "));
}

}  // namespace ampload
