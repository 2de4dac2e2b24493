// Options as data: each is declared once, with its name, member, type, default, meaning. Parsing,
// validation, `ampload loaders NAME` and the docs come from that declaration.
//
//   const OptionTable<MyConfig>& MyOptions() {
//     static const auto* table = new OptionTable<MyConfig>(OptionTable<MyConfig>()
//         .Add({.name = "path", .required = true, .meaning = "folder to write into"},
//         &MyConfig::path) .Add({.name = "map_size", .type = OptionType::kBytes, .default_value =
//         "64MiB",
//               .meaning = "first size of the map"}, &MyConfig::map_size));
//     return *table;
//   }
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ampload/status.h"

namespace ampload {

// As a URI, a config file or a command line gave them: name -> text. Bool as true/false, numbers as
// digits.
using ConfigMap = std::map<std::string, std::string>;

enum class OptionType {
  kString,
  kInteger,   // digits, optional sign
  kBoolean,   // true, false (also yes/no, on/off, 1/0)
  kBytes,     // 1048576, 64MiB, 1GB (KiB MiB GiB = 1024; kB MB GB = 1000); an int64 of bytes
  kDuration,  // 250ms, 10s, 5m, 1h; an int64 of milliseconds
  kChoice,    // one of `choices`
};

struct OptionSpec {
  std::string name = {};
  OptionType type = OptionType::kString;
  std::string default_value =
      {};  // as text, in the option's own type; empty with required = false: unset
  bool required = false;
  bool secret = false;       // never shown: not in logs, errors, --json, process titles
  std::string env = {};      // taken from this environment variable when the option is not given
  std::string meaning = {};  // one line
  std::vector<std::string> choices = {};
};

std::string_view ToString(OptionType type);

// Strings and choices as std::string; integers, bytes and durations as int64_t.
using OptionValue = std::variant<std::string, int64_t, bool>;

// Every option's value: given, from its environment variable, or its default; an unset one is
// absent. Reports all bad, unknown and missing keys in one configuration error, each unknown one
// with the nearest right name. `whose` names the owner in the message ("lmdb"). Values of secret
// options are never quoted.
Result<std::map<std::string, OptionValue>> ResolveOptions(std::span<const OptionSpec> specs,
                                                          const ConfigMap& config,
                                                          std::string_view whose);

// Parses one value of a type; the error says what was expected.
Result<OptionValue> ParseOptionValue(const OptionSpec& spec, const std::string& text);

// The option table of one config type. Build it once; read it from any thread.
template <class TConfig>
class OptionTable {
 public:
  OptionTable& Add(OptionSpec spec, std::string TConfig::*member) {
    if (!spec.choices.empty()) spec.type = OptionType::kChoice;
    return AddWith(std::move(spec), member);
  }
  OptionTable& Add(OptionSpec spec, int64_t TConfig::*member) {
    if (spec.type == OptionType::kString) spec.type = OptionType::kInteger;
    return AddWith(std::move(spec), member);
  }
  OptionTable& Add(OptionSpec spec, bool TConfig::*member) {
    spec.type = OptionType::kBoolean;
    return AddWith(std::move(spec), member);
  }

  Result<TConfig> Parse(const ConfigMap& config, std::string_view whose) const {
    ARROW_ASSIGN_OR_RAISE(auto values, ResolveOptions(specs_, config, whose));
    TConfig out;
    for (const auto& [name, set] : setters_) {
      if (auto it = values.find(name); it != values.end()) set(out, it->second);
    }
    return out;
  }

  const std::vector<OptionSpec>& specs() const { return specs_; }

  // The specification's GetRequiredConfigFields.
  std::vector<std::string> required() const {
    std::vector<std::string> names;
    for (const auto& spec : specs_) {
      if (spec.required) names.push_back(spec.name);
    }
    return names;
  }

 private:
  template <class T>
  OptionTable& AddWith(OptionSpec spec, T TConfig::*member) {
    setters_.emplace_back(spec.name, [member](TConfig& config, const OptionValue& value) {
      config.*member = std::get<T>(value);
    });
    specs_.push_back(std::move(spec));
    return *this;
  }

  std::vector<OptionSpec> specs_;
  std::vector<std::pair<std::string, std::function<void(TConfig&, const OptionValue&)>>> setters_;
};

}  // namespace ampload
