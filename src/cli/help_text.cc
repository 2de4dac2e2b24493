#include "cli/help_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "cli/text.h"

namespace ampload::cli {
namespace {

constexpr int kIndent = 26;
constexpr int kWidth = 80;

bool TakesMany(const CLI::Option& option) { return option.get_expected_max() > 1; }

// "-q, --quiet", "    --to TARGET", "FILE..."
std::string OptionNames(const CLI::Option& option) {
  if (option.get_positional()) {
    return option.get_name(true) + (TakesMany(option) ? "..." : "");
  }
  std::vector<std::string> names;
  for (const auto& name : option.get_snames()) names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) names.push_back("--" + name);
  std::string text = fmt::format("{}", fmt::join(names, ", "));
  if (option.get_snames().empty()) text.insert(0, "    ");
  if (option.get_expected_max() != 0) text += " " + option.get_type_name();
  return text;
}

std::string GroupText(const CLI::App& app, const std::string& group) {
  std::string text;
  for (const auto* option : app.get_options()) {
    if (option->get_group() != group) continue;
    text += Definition(OptionNames(*option), option->get_description(), kIndent, kWidth);
  }
  return text;
}

// In the order of the first option of each; what has no group of its own ("Options") comes last.
std::vector<std::string> Groups(const CLI::App& app) {
  const std::string plain = "Options";
  std::vector<std::string> groups;
  for (const auto* option : app.get_options()) {
    const auto& group = option->get_group();
    if (group.empty() || group == plain) continue;
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
  }
  groups.push_back(plain);
  return groups;
}

class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string /*name*/,
                        CLI::AppFormatMode /*mode*/) const override {
    std::string text = app->get_description() + ".\n\nUsage: " + UsageText(*app) + "\n";
    const auto verbs = app->get_subcommands({});
    if (!verbs.empty()) text += "\nVerbs:\n";
    for (const auto* verb : verbs) {
      text += Definition(verb->get_name(), verb->get_description(), 16, kWidth);
    }
    for (const auto& group : Groups(*app)) {
      const std::string options = GroupText(*app, group);
      if (!options.empty()) text += "\n" + group + ":\n" + options;
    }
    if (!app->get_footer().empty()) text += "\n" + app->get_footer();
    return text;
  }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> MakeHelpFormatter() {
  return std::make_shared<HelpFormatter>();
}

std::string UsageText(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  std::string text = (parent != nullptr ? parent->get_name() + " " : "") + app.get_name();
  if (parent == nullptr) return text + " VERB [OPTIONS]";
  text += " [OPTIONS]";
  for (const auto* option : app.get_options()) {
    if (!option->get_positional()) continue;
    const std::string name = OptionNames(*option);
    text += option->get_required() ? " " + name : " [" + name + "]";
  }
  return text;
}

}  // namespace ampload::cli
