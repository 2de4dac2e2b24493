#include "cli/usage_error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/nearest_name.h"

namespace ampload::cli {
namespace {

std::vector<std::string> OptionNames(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const auto* option : verb.get_options()) {
    for (const auto& name : option->get_snames()) names.push_back("-" + name);
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> VerbNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* verb : app.get_subcommands({})) names.push_back(verb->get_name());
  return names;
}

std::string DidYouMean(std::string_view wrong, const std::vector<std::string>& candidates) {
  const auto nearest = base::NearestName(wrong, candidates);
  return nearest ? fmt::format("; did you mean {}?", *nearest) : std::string();
}

// Verbs that have the option, where the chosen one does not.
std::string ElsewhereText(const CLI::App& app, const std::string& name) {
  std::vector<std::string> verbs;
  for (const auto* verb : app.get_subcommands({})) {
    for (const auto& known : OptionNames(*verb)) {
      if (known == name) verbs.push_back("`ampload " + verb->get_name() + "`");
    }
  }
  return verbs.empty() ? std::string() : fmt::format("; it belongs to {}", fmt::join(verbs, ", "));
}

std::string UnknownOption(const CLI::App& app, const CLI::App* verb, const std::string& given) {
  const std::string name = given.substr(0, given.find('='));
  std::string hint =
      verb == nullptr ? ElsewhereText(app, name) : DidYouMean(name, OptionNames(*verb));
  if (hint.empty()) hint = ElsewhereText(app, name);
  if (hint.empty() && verb == nullptr) hint = DidYouMean(name, OptionNames(app));
  return fmt::format("unknown option {}{}", name, hint);
}

std::string UnexpectedWord(const CLI::App& app, const CLI::App* verb, const std::string& word) {
  if (verb != nullptr) return "unexpected argument: " + word;
  std::error_code ignored;
  if (std::filesystem::exists(word, ignored)) {
    return fmt::format("a verb is missing; to load a file: `ampload load {}`", word);
  }
  const auto verbs = VerbNames(app);
  return fmt::format("unknown verb {}{} It is one of {}", word, DidYouMean(word, verbs),
                     fmt::join(verbs, ", "));
}

// CLI11 begins a message with the option's name.
std::string OptionProblem(const CLI::App& verb, const CLI::ParseError& error) {
  const std::string message = error.what();
  const std::string name = message.substr(0, message.find(':'));
  const auto* option = verb.get_option_no_throw(name);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) == nullptr || option == nullptr) {
    return message;
  }
  return option->count() > 1 ? name + " is given more than once"
                             : name + " needs a value: " + name + " " + option->get_type_name();
}

std::string Problem(const CLI::App& app, const CLI::App* verb, const CLI::ParseError& error) {
  for (const auto& word : app.remaining(/*recurse=*/true)) {
    if (word.size() > 1 && word[0] == '-' && word != "--") return UnknownOption(app, verb, word);
  }
  for (const auto& word : app.remaining(/*recurse=*/true)) {
    if (word != "--") return UnexpectedWord(app, verb, word);
  }
  if (verb == nullptr) return "a verb is missing";
  return OptionProblem(*verb, error);
}

}  // namespace

const CLI::App* ChosenVerb(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? nullptr : chosen.front();
}

Status UsageError(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* verb = ChosenVerb(app);
  const std::string name = verb == nullptr ? "" : verb->get_name();
  return ConfigurationError(fmt::format("{}{}\nsee `ampload{} --help`",
                                        name.empty() ? "" : name + ": ", Problem(app, verb, error),
                                        name.empty() ? "" : " " + name));
}

}  // namespace ampload::cli
