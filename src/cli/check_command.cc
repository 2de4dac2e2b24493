// ampload check TARGET
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/connection.h"
#include "cli/text.h"

namespace ampload::cli {
namespace {

constexpr char kExamples[] = R"(Examples:
  ampload check lmdb:./data.lmdb
  ampload check local                    [connections.local] of the config file
  ampload check local --json
)";

std::string AsText(const CheckLine& line, const Console& console) {
  std::string mark = line.ok ? "ok   " : "FAIL ";
  if (console.out_is_terminal && !console.no_color()) {
    mark = (line.ok ? "\033[32m" : "\033[1;31m") + mark + "\033[0m";
  }
  std::string text = mark + PadRight(EscapeControls(line.what), 14);
  if (!line.detail.empty()) text += "  " + EscapeControls(line.detail);
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

class CheckCommand : public Command {
 public:
  CLI::App* Declare(CLI::App& app) override {
    auto* verb = app.add_subcommand("check", "Reach a store; say its version and your rights");
    verb->add_option("TARGET", target_, "a URI, or the name of a connection in the config file")
        ->type_name("TARGET")
        ->required();
    DeclareConnectionOptions(*verb, shared_);
    DeclareOutputOptions(*verb, shared_);
    verb->footer(kExamples);
    return verb;
  }

  Result<ExitStatus> Run(const Setting& setting) override {
    ARROW_ASSIGN_OR_RAISE(const Target target, FindTarget(setting.registry, shared_, target_));
    ARROW_ASSIGN_OR_RAISE(const auto lines, Look(target));
    const bool ok = std::all_of(lines.begin(), lines.end(), [](const auto& l) { return l.ok; });
    if (shared_.json) {
      setting.console.out << AsJson(target, lines, ok)
                                 .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                          << "\n";
    } else if (!shared_.quiet) {
      for (const auto& line : lines) setting.console.out << AsText(line, setting.console);
    }
    if (!ok) setting.report.Error(target.display + ": a check failed");
    return ok ? ExitStatus::kDone : ExitStatus::kFailed;
  }

 private:
  // A store that cannot be reached is an answer, a wrong configuration is not.
  static Result<std::vector<CheckLine>> Look(const Target& target) {
    ARROW_ASSIGN_OR_RAISE(auto loader, MakeLoader(target));
    const Status connected = loader->Connect({});
    if (!connected.ok()) {
      if (KindOf(connected) == FailureKind::kConfiguration) return connected;
      return std::vector<CheckLine>{{"reachable", false, MessageOf(connected)}};
    }
    return loader->Check({});
  }

  static nlohmann::ordered_json AsJson(const Target& target, const std::vector<CheckLine>& lines,
                                       bool ok) {
    auto checks = nlohmann::ordered_json::array();
    for (const auto& line : lines) {
      checks.push_back({{"what", line.what}, {"ok", line.ok}, {"detail", line.detail}});
    }
    return {{"success", ok},
            {"error", ok ? nlohmann::ordered_json() : "a check failed"},
            {"target", target.display},
            {"checks", std::move(checks)}};
  }

  std::string target_;
};

}  // namespace

std::unique_ptr<Command> MakeCheckCommand() { return std::make_unique<CheckCommand>(); }

}  // namespace ampload::cli
