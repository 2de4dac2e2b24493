#include "ampload/load_mode.h"

#include <array>

#include "base/nearest_name.h"

namespace ampload {
namespace {

constexpr std::array kAllModes = {LoadMode::kAppend, LoadMode::kOverwrite, LoadMode::kUpsert,
                                  LoadMode::kMerge};
constexpr std::array kAllPolicies = {DuplicatePolicy::kFail, DuplicatePolicy::kReplace};
constexpr std::array kAllSchemaPolicies = {SchemaPolicy::kFreeze, SchemaPolicy::kEvolve};

// The value of that name; `what` and all names are in the error.
template <class Values>
Result<typename Values::value_type> ParseName(const Values& values, std::string_view what,
                                              std::string_view text) {
  std::vector<std::string> names;
  std::string list;
  for (const auto value : values) {
    if (ToString(value) == text) return value;
    names.emplace_back(ToString(value));
    list += (list.empty() ? "" : ", ") + names.back();
  }
  std::string message = "unknown " + std::string(what) + ": it is one of " + list;
  if (const auto nearest = base::NearestName(text, names)) {
    message += ": did you mean " + *nearest + "?";
  }
  return ConfigurationError(message + ": value=" + std::string(text));
}

}  // namespace

std::string_view ToString(LoadMode mode) {
  switch (mode) {
    case LoadMode::kAppend:
      return "append";
    case LoadMode::kOverwrite:
      return "overwrite";
    case LoadMode::kUpsert:
      return "upsert";
    case LoadMode::kMerge:
      return "merge";
  }
  return "unknown";
}

Result<LoadMode> ParseLoadMode(std::string_view text) { return ParseName(kAllModes, "mode", text); }

std::vector<LoadMode> LoadModes::ToVector() const {
  std::vector<LoadMode> modes;
  for (const LoadMode mode : kAllModes) {
    if (contains(mode)) modes.push_back(mode);
  }
  return modes;
}

std::string LoadModes::ToString() const {
  std::string text;
  for (const LoadMode mode : ToVector()) {
    if (!text.empty()) text += ", ";
    text += ampload::ToString(mode);
  }
  return text;
}

std::string_view ToString(DuplicatePolicy policy) {
  switch (policy) {
    case DuplicatePolicy::kFail:
      return "fail";
    case DuplicatePolicy::kReplace:
      return "replace";
  }
  return "unknown";
}

Result<DuplicatePolicy> ParseDuplicatePolicy(std::string_view text) {
  return ParseName(kAllPolicies, "duplicate policy", text);
}

std::string_view ToString(SchemaPolicy policy) {
  return policy == SchemaPolicy::kEvolve ? "evolve" : "freeze";
}

Result<SchemaPolicy> ParseSchemaPolicy(std::string_view text) {
  return ParseName(kAllSchemaPolicies, "schema policy", text);
}

}  // namespace ampload
