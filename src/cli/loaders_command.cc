// ampload loaders [NAME]
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/text.h"
#include "cli/text_table.h"
#include "encode/type_matrix.h"

namespace ampload::cli {
namespace {

using nlohmann::ordered_json;

constexpr char kExamples[] = R"(Examples:
  ampload loaders
  ampload loaders lmdb
  ampload loaders --json

Loaders outside of the command are found in the folders of AMPLOAD_PLUGIN_PATH
and in lib/ampload/loaders of the install.
)";

std::string YesNo(bool value) { return value ? "yes" : "no"; }

std::string ListText(const LoaderRegistry& registry, int width) {
  TextTable table({{"NAME"}, {"SCHEMES"}, {"MODES"}, {"COMMIT"}, {"STREAMS"}, {"CLIENT"}});
  for (const auto& loader : registry.loaders()) {
    table.AddRow(
        {loader.name, fmt::format("{}", fmt::join(loader.schemes, ", ")),
         loader.traits.supported_modes.ToString(),
         fmt::format("{}/{}", ToString(loader.traits.commit), ToString(loader.traits.visibility)),
         YesNo(loader.traits.supports_streaming), loader.client});
  }
  std::string text =
      registry.loaders().empty() ? "No loaders.\n" : table.Print(width, /*repeat_first=*/true);
  if (!registry.missing().empty()) text += "\nLeft out:\n";
  for (const auto& missing : registry.missing()) {
    text += Definition(EscapeControls(missing.name), EscapeControls(missing.reason), 16,
                       width == 0 ? 1000 : width);
  }
  return text;
}

// "bytes, default 64MiB, or $AMPLOAD_X"
std::string OptionFacts(const OptionSpec& option) {
  std::string text(option.type == OptionType::kChoice
                       ? fmt::format("{}", fmt::join(option.choices, "|"))
                       : std::string(ToString(option.type)));
  if (option.required) text += ", required";
  if (!option.default_value.empty()) {
    text += ", default " + (option.secret ? "***" : option.default_value);
  }
  if (!option.env.empty()) text += ", else $" + option.env;
  if (option.secret) text += ", secret";
  return text;
}

// What becomes of each Arrow type.
std::string TypesText(const TypeTable& types, int width) {
  TextTable table({{"ARROW TYPE"}, {"STORED AS"}, {"HOW"}, {"NOTE"}});
  for (const auto& rule : types.rules) {
    std::string how(ToString(rule.fidelity));
    if (!rule.loss.empty()) how += ": " + rule.loss;
    table.AddRow({rule.arrow, rule.stored_as, how, rule.note});
  }
  return "Types" + (types.format.empty() ? "" : " as " + types.format) + ":\n" +
         table.Print(width, /*repeat_first=*/true);
}

std::string OneText(const LoaderDescriptor& loader, int width) {
  constexpr int kIndent = 18;
  const int columns = width == 0 ? 80 : width;
  const auto& traits = loader.traits;
  std::string text = loader.name + ": " + loader.summary + "\n\n";
  const auto line = [&](std::string_view left, std::string_view right) {
    text += Definition(left, right, kIndent, columns);
  };
  line("target", loader.example_uri);
  line("modes", traits.supported_modes.ToString());
  line("commit",
       fmt::format("{}; readers see {}", ToString(traits.commit),
                   traits.visibility == Visibility::kCommit ? "whole commits"
                                                            : "rows before they are committed"));
  line("streams", YesNo(traits.supports_streaming));
  line("nulls", YesNo(traits.supports_null_values));
  line("keys", YesNo(traits.supports_keys));
  line("parallel", YesNo(traits.supports_parallel));
  line("client", loader.client);
  text += "\nOptions, in the target (?name=value), the config file or --option name=value:\n";
  for (const auto& option : loader.options) {
    line(option.name, OptionFacts(option));
    text += Definition("", option.meaning, kIndent, columns);
  }
  for (const auto& types : loader.types) text += "\n" + TypesText(types, width);
  return text;
}

ordered_json ToJson(const OptionSpec& option) {
  const bool has_default = !option.default_value.empty();
  return {{"name", option.name},
          {"type", ToString(option.type)},
          {"default", has_default && !option.secret ? ordered_json(option.default_value) : nullptr},
          {"required", option.required},
          {"secret", option.secret},
          {"env", option.env.empty() ? ordered_json() : ordered_json(option.env)},
          {"choices", option.choices},
          {"meaning", option.meaning}};
}

ordered_json TypesJson(const std::vector<TypeTable>& tables) {
  auto json = ordered_json::array();
  for (const auto& table : tables) {
    auto rules = ordered_json::array();
    for (const auto& rule : table.rules) {
      rules.push_back({{"arrow_type", rule.arrow},
                       {"stored_as", rule.stored_as},
                       {"fidelity", ToString(rule.fidelity)},
                       {"loss", rule.loss},
                       {"note", rule.note}});
    }
    json.push_back({{"format", table.format}, {"rules", std::move(rules)}});
  }
  return json;
}

ordered_json ToJson(const LoaderDescriptor& loader) {
  auto modes = ordered_json::array();
  for (const LoadMode mode : loader.traits.supported_modes.ToVector()) {
    modes.push_back(ToString(mode));
  }
  auto options = ordered_json::array();
  for (const auto& option : loader.options) options.push_back(ToJson(option));
  const auto& traits = loader.traits;
  return {{"name", loader.name},
          {"summary", loader.summary},
          {"schemes", loader.schemes},
          {"example", loader.example_uri},
          {"client", loader.client},
          {"supported_modes", std::move(modes)},
          {"requires_schema_match", traits.requires_schema_match},
          {"supports_transactions", traits.supports_transactions},
          {"supports_overwrite", traits.supports_overwrite},
          {"supports_streaming", traits.supports_streaming},
          {"supports_multi_network", traits.supports_multi_network},
          {"supports_null_values", traits.supports_null_values},
          {"supports_keys", traits.supports_keys},
          {"supports_parallel", traits.supports_parallel},
          {"max_tables_per_commit", traits.max_tables_per_commit},
          {"commit", ToString(traits.commit)},
          {"visibility", ToString(traits.visibility)},
          {"options", std::move(options)},
          {"types", TypesJson(loader.types)}};
}

class LoadersCommand : public Command {
 public:
  CLI::App* Declare(CLI::App& app) override {
    auto* verb = app.add_subcommand("loaders", "List the stores; one store's options");
    verb->add_option("NAME", name_, "a loader's name or scheme; without it, all are listed")
        ->type_name("LOADER");
    DeclareOutputOptions(*verb, shared_);
    verb->footer(kExamples);
    return verb;
  }

  Result<ExitStatus> Run(const Setting& setting) override {
    const LoaderDescriptor* one = nullptr;
    if (!name_.empty()) {
      ARROW_ASSIGN_OR_RAISE(one, setting.registry.FindByName(name_));
    }
    auto& out = setting.console.out;
    if (!shared_.json) {
      const int width = setting.console.width();
      out << (one != nullptr ? OneText(*one, width) : ListText(setting.registry, width));
      return ExitStatus::kDone;
    }
    ordered_json json = {{"success", true}, {"error", nullptr}};
    if (one != nullptr) {
      json["loader"] = ToJson(*one);
    } else {
      json["loaders"] = ordered_json::array();
      for (const auto& loader : setting.registry.loaders()) json["loaders"] += ToJson(loader);
      json["losses"] = ordered_json::array();
      for (const auto& loss : encode::NamedLosses()) {
        json["losses"] += ordered_json{{"name", loss.name}, {"meaning", loss.meaning}};
      }
      json["missing"] = ordered_json::array();
      for (const auto& missing : setting.registry.missing()) {
        json["missing"] += ordered_json{{"name", missing.name}, {"reason", missing.reason}};
      }
    }
    out << json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) << "\n";
    return ExitStatus::kDone;
  }

 private:
  std::string name_;
};

}  // namespace

std::unique_ptr<Command> MakeLoadersCommand() { return std::make_unique<LoadersCommand>(); }

}  // namespace ampload::cli
