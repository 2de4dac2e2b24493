// ampload history TARGET --table T
#include <nlohmann/json.hpp>

#include "cli/amounts.h"
#include "cli/command.h"
#include "cli/connection.h"
#include "cli/moment_text.h"
#include "cli/text.h"
#include "cli/text_table.h"

namespace ampload::cli {
namespace {

using nlohmann::ordered_json;

constexpr char kExamples[] = R"(Examples:
  ampload history delta:./lake --table logs
  ampload history delta:./lake --table logs --json | jq '.history[0].info'

The newest version first. For stores that keep the versions of a table.
)";

std::string TimeOf(const HistoryEntry& entry) {
  if (entry.timestamp_ms == 0) return "-";
  return TimestampText(entry.timestamp_ms, arrow::TimeUnit::MILLI, /*utc=*/true);
}

std::string OrDash(const std::string& text) { return text.empty() ? "-" : text; }

std::string HistoryText(const std::vector<HistoryEntry>& entries, int width) {
  TextTable text({{"VERSION", Align::kRight}, {"TIME"}, {"OPERATION"}, {"WRITER"}, {"DETAIL"}});
  for (const auto& entry : entries) {
    text.AddRow({std::to_string(entry.version), TimeOf(entry), OrDash(entry.operation),
                 OrDash(entry.writer), entry.detail});
  }
  return text.Print(width);
}

ordered_json ToJson(const HistoryEntry& entry) {
  auto info = ordered_json::parse(entry.json, nullptr, /*allow_exceptions=*/false);
  if (info.is_discarded()) info = entry.json;
  return {{"version", entry.version},     {"timestamp_ms", entry.timestamp_ms},
          {"operation", entry.operation}, {"writer", entry.writer},
          {"detail", entry.detail},       {"info", std::move(info)}};
}

class HistoryCommand : public Command {
 public:
  CLI::App* Declare(CLI::App& app) override {
    auto* verb = app.add_subcommand("history", "Show the versions of a table: when, by whom, what");
    verb->add_option("TARGET", target_, "a URI, or the name of a connection in the config file")
        ->type_name("TARGET")
        ->required();
    verb->add_option("--table", table_, "the table")->type_name("TABLE")->required();
    verb->add_option("--limit", limit_, "how many versions; default 20")->type_name("N");
    DeclareConnectionOptions(*verb, shared_);
    DeclareOutputOptions(*verb, shared_);
    verb->footer(kExamples);
    return verb;
  }

  Result<ExitStatus> Run(const Setting& setting) override {
    ARROW_ASSIGN_OR_RAISE(const Target target, FindTarget(setting.registry, shared_, target_));
    ARROW_ASSIGN_OR_RAISE(const int64_t limit,
                          ParseAmount("--limit", limit_, OptionType::kInteger));
    ARROW_ASSIGN_OR_RAISE(const auto loader, ConnectTo(target, {}));
    ARROW_ASSIGN_OR_RAISE(const auto entries, loader->ReadHistory(table_, limit));
    if (!shared_.json) {
      setting.console.out << HistoryText(entries, setting.console.width());
      return ExitStatus::kDone;
    }
    ordered_json json = {{"success", true},          {"error", nullptr},
                         {"target", target.display}, {"loader_type", loader->loader_type()},
                         {"table_name", table_},     {"history", ordered_json::array()}};
    for (const auto& entry : entries) json["history"] += ToJson(entry);
    setting.console.out << json.dump(-1, ' ', false, ordered_json::error_handler_t::replace)
                        << "\n";
    return ExitStatus::kDone;
  }

 private:
  std::string target_;
  std::string table_;
  std::string limit_ = "20";
};

}  // namespace

std::unique_ptr<Command> MakeHistoryCommand() { return std::make_unique<HistoryCommand>(); }

}  // namespace ampload::cli
