#include "cli/shared_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "ampload/log.h"
#include "base/nearest_name.h"

namespace ampload::cli {
namespace {

LogLevel LevelOf(const SharedOptions& shared) {
  static const std::map<std::string, LogLevel> kByName = {{"debug", LogLevel::kDebug},
                                                          {"info", LogLevel::kInfo},
                                                          {"warning", LogLevel::kWarning},
                                                          {"error", LogLevel::kError},
                                                          {"off", LogLevel::kOff}};
  if (const auto named = kByName.find(shared.log_level); named != kByName.end()) {
    return named->second;
  }
  if (shared.quiet) return LogLevel::kError;
  if (shared.verbose >= 2) return LogLevel::kDebug;
  return shared.verbose == 1 ? LogLevel::kInfo : LogLevel::kWarning;
}

}  // namespace

void DeclareConnectionOptions(CLI::App& verb, SharedOptions& shared) {
  verb.add_option("--config", shared.config,
                  "config file with [connections.NAME]; else ./ampload.toml, else "
                  "~/.config/ampload/config.toml")
      ->type_name("FILE")
      ->group("Connection");
  AddList(verb, "--option", shared.options, "NAME=VALUE",
          "an option of the loader, over what TARGET says; `ampload loaders NAME` lists them")
      ->delimiter('\0')
      ->group("Connection");
}

void DeclareOutputOptions(CLI::App& verb, SharedOptions& shared) {
  const std::string group = "Output";
  verb.add_flag("--json", shared.json, "print one JSON object on stdout, also after a failure")
      ->group(group);
  verb.add_flag("-q,--quiet", shared.quiet, "say nothing but errors")->group(group);
  verb.add_flag("-v,--verbose", shared.verbose, "log what is done; -vv logs more")->group(group);
  AddChoice(verb, "--log-level", shared.log_level, {"debug", "info", "warning", "error", "off"},
            "log this and worse on stderr")
      ->group(group);
  AddChoice(verb, "--log-format", shared.log_format, {"text", "json"},
            "how log lines and errors on stderr are written")
      ->group(group);
}

void ApplyLogOptions(const SharedOptions& shared) {
  SetLogLevel(LevelOf(shared));
  SetLogFormat(shared.log_format == "json" ? LogFormat::kJson : LogFormat::kText);
}

CLI::Option* AddChoice(CLI::App& verb, const std::string& name, std::string& value,
                       std::vector<std::string> choices, const std::string& meaning) {
  auto* option = verb.add_option(name, value, meaning);
  option->type_name(fmt::format("{}", fmt::join(choices, "|")));
  const std::function<std::string(std::string&)> validate =
      [choices = std::move(choices)](std::string& given) -> std::string {
    if (std::find(choices.begin(), choices.end(), given) != choices.end()) return {};
    const auto nearest = base::NearestName(given, choices);
    return fmt::format("expected {}{}: value={}", fmt::join(choices, ", "),
                       nearest ? fmt::format("; did you mean {}?", *nearest) : "", given);
  };
  return option->check(CLI::Validator(validate, ""));
}

CLI::Option* AddList(CLI::App& verb, const std::string& name, std::vector<std::string>& value,
                     const std::string& type_name, const std::string& meaning) {
  return verb.add_option(name, value, meaning)
      ->type_name(type_name)
      ->delimiter(',')
      ->allow_extra_args(false);
}

Result<int64_t> ParseAmount(const std::string& name, const std::string& text, OptionType type) {
  OptionSpec spec;
  spec.name = name;
  spec.type = type;
  ARROW_ASSIGN_OR_RAISE(const auto value, ParseOptionValue(spec, text));
  if (std::get<int64_t>(value) < 0) {
    return ConfigurationError(name + ": expected a number that is not negative: value=" + text);
  }
  return std::get<int64_t>(value);
}

}  // namespace ampload::cli
