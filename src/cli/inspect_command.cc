// ampload inspect TARGET [--table T]
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "cli/amounts.h"
#include "cli/command.h"
#include "cli/connection.h"
#include "cli/known_table.h"
#include "cli/ladder_view.h"
#include "cli/row_printer.h"
#include "cli/text.h"
#include "cli/text_table.h"

namespace ampload::cli {
namespace {

using nlohmann::ordered_json;

constexpr char kExamples[] = R"(Examples:
  ampload inspect lmdb:./ampload.lmdb
  ampload inspect lmdb:./ampload.lmdb --table logs --limit 3
  ampload inspect local --table logs --json | jq '.table.rows[0]'

On a terminal long values are cut; in a pipe and with --json they are whole.
)";

struct TableSummary {
  TableInfo info;
  std::vector<Checkpoint> checkpoints;
};

Result<TableSummary> Summarize(Loader& loader, const std::string& table) {
  ARROW_ASSIGN_OR_RAISE(auto info, FindTable(loader, table, "inspect"));
  ARROW_ASSIGN_OR_RAISE(auto checkpoints, loader.ReadCheckpoints(table));
  return TableSummary{std::move(info), std::move(checkpoints)};
}

std::string PipelinesText(const std::vector<Checkpoint>& checkpoints) {
  std::vector<std::string> names;
  for (const auto& checkpoint : checkpoints) names.push_back(checkpoint.pipeline);
  return names.empty() ? "-" : fmt::format("{}", fmt::join(names, ", "));
}

std::string About(const TableInfo& info) { return info.row_count_is_estimate ? "about " : ""; }

std::string TablesText(const std::vector<TableSummary>& tables, int width) {
  TextTable text({{"TABLE"}, {"ROWS", Align::kRight}, {"SIZE", Align::kRight}, {"PIPELINES"}});
  for (const auto& [info, checkpoints] : tables) {
    text.AddRow({info.table_name, About(info) + CountText(info.row_count),
                 SizeText(info.size_bytes), PipelinesText(checkpoints)});
  }
  return text.Print(width);
}

std::string CheckpointsText(const std::vector<Checkpoint>& checkpoints, int width) {
  TextTable text({{"PIPELINE"},
                  {"SEQUENCE", Align::kRight},
                  {"ROWS", Align::kRight},
                  {"LADDER", Align::kRight},
                  {"HIGHEST BLOCK"}});
  for (const auto& checkpoint : checkpoints) {
    std::vector<std::string> ends;
    for (const auto& [network, end] : checkpoint.highest_end) {
      ends.push_back(fmt::format("{} {}", network, end.value));
    }
    text.AddRow({checkpoint.pipeline, CountText(checkpoint.sequence),
                 CountText(checkpoint.rows_total),
                 CountText(static_cast<int64_t>(checkpoint.ladder.size())),
                 fmt::format("{}", fmt::join(ends, ", "))});
  }
  std::string lines = text.Print(width);
  for (const auto& checkpoint : checkpoints) {
    const std::string ladder = LadderText(checkpoint, width);
    if (!ladder.empty()) lines += "\n" + ladder;
    if (checkpoint.unfinished.empty()) continue;
    lines += EscapeControls(
        fmt::format("\n{}: not finished: {}; if that has died, the next start ends it\n",
                    checkpoint.pipeline, checkpoint.unfinished));
  }
  return lines;
}

// `rows`: null where the loader cannot read them back.
std::string OneTableText(const TableSummary& summary, const arrow::Table* rows, int width) {
  const auto& [info, checkpoints] = summary;
  std::string text = EscapeControls(fmt::format(
      "{}: {}, {}, {}", info.table_name, About(info) + RowsText(info.row_count),
      SizeText(info.size_bytes),
      info.keys.empty() ? "no key" : fmt::format("key {}", fmt::join(info.keys, ", "))));
  TextTable columns({{"COLUMN"}, {"TYPE"}, {"NULLABLE"}});
  for (const auto& column : info.columns) {
    columns.AddRow({column.name, column.type, column.nullable ? "yes" : "no"});
  }
  text += "\n\n" + columns.Print(width);
  if (!checkpoints.empty()) text += "\n" + CheckpointsText(checkpoints, width);
  if (rows != nullptr && rows->num_rows() > 0) {
    text += fmt::format("\n{} of {}:\n", CountText(rows->num_rows()),
                        About(info) + RowsText(info.row_count));
    text += PrintRows(*rows, width);
  }
  return text;
}

ordered_json ToJson(const std::vector<Checkpoint>& checkpoints) {
  auto list = ordered_json::array();
  for (const auto& checkpoint : checkpoints) {
    auto ends = ordered_json::object();
    for (const auto& [network, end] : checkpoint.highest_end) ends[network] = end.value;
    list += ordered_json{
        {"pipeline", checkpoint.pipeline},     {"epoch", checkpoint.epoch.value},
        {"sequence", checkpoint.sequence},     {"slot", checkpoint.slot},
        {"rows_total", checkpoint.rows_total}, {"ladder_entries", checkpoint.ladder.size()},
        {"highest_end", std::move(ends)},      {"retention_blocks", checkpoint.retention_blocks},
        {"ladder", LadderJson(checkpoint)},    {"unfinished", checkpoint.unfinished}};
  }
  return list;
}

ordered_json ToJson(const TableSummary& summary) {
  auto columns = ordered_json::array();
  for (const auto& column : summary.info.columns) {
    columns +=
        ordered_json{{"name", column.name}, {"type", column.type}, {"nullable", column.nullable}};
  }
  return {{"table_name", summary.info.table_name},
          {"row_count", summary.info.row_count},
          {"row_count_is_estimate", summary.info.row_count_is_estimate},
          {"size_bytes", summary.info.size_bytes},
          {"keys", summary.info.keys},
          {"columns", std::move(columns)},
          {"checkpoints", ToJson(summary.checkpoints)}};
}

class InspectCommand : public Command {
 public:
  CLI::App* Declare(CLI::App& app) override {
    auto* verb = app.add_subcommand("inspect", "Show a store's tables; one table's rows and more");
    verb->add_option("TARGET", target_, "a URI, or the name of a connection in the config file")
        ->type_name("TARGET")
        ->required();
    verb->add_option("--table", table_,
                     "show this table: schema, size, pipelines and their batches, sample rows")
        ->type_name("TABLE");
    verb->add_option("--limit", limit_, "how many sample rows; default 5")->type_name("N");
    DeclareConnectionOptions(*verb, shared_);
    DeclareOutputOptions(*verb, shared_);
    verb->footer(kExamples);
    return verb;
  }

  Result<ExitStatus> Run(const Setting& setting) override {
    ARROW_ASSIGN_OR_RAISE(const Target target, FindTarget(setting.registry, shared_, target_));
    ARROW_ASSIGN_OR_RAISE(const int64_t rows, ParseAmount("--limit", limit_, OptionType::kInteger));
    ARROW_ASSIGN_OR_RAISE(const auto loader, ConnectTo(target, {}));
    ordered_json json = {{"success", true},
                         {"error", nullptr},
                         {"target", target.display},
                         {"loader_type", loader->loader_type()}};
    if (table_.empty()) {
      ARROW_RETURN_NOT_OK(ShowTables(*loader, target.display, setting.console, json));
    } else {
      ARROW_RETURN_NOT_OK(ShowTable(*loader, rows, setting.console, json));
    }
    if (shared_.json) {
      setting.console.out << json.dump(-1, ' ', false, ordered_json::error_handler_t::replace)
                          << "\n";
    }
    return ExitStatus::kDone;
  }

 private:
  Status ShowTables(Loader& loader, const std::string& display, Console& console,
                    ordered_json& json) const {
    ARROW_ASSIGN_OR_RAISE(const auto names, loader.ListTables());
    std::vector<TableSummary> tables;
    for (const auto& name : names) {
      ARROW_ASSIGN_OR_RAISE(auto summary, Summarize(loader, name));
      tables.push_back(std::move(summary));
    }
    if (!shared_.json && tables.empty()) {
      console.out << "no tables in " << EscapeControls(display) << "\n";
    } else if (!shared_.json) {
      console.out << TablesText(tables, console.width());
    }
    json["tables"] = ordered_json::array();
    for (const auto& summary : tables) json["tables"] += ToJson(summary);
    return Status::OK();
  }

  Status ShowTable(Loader& loader, int64_t limit, Console& console, ordered_json& json) const {
    ARROW_ASSIGN_OR_RAISE(const auto summary, Summarize(loader, table_));
    auto read = loader.ReadRows(table_, {.limit = limit});
    if (!read.ok() && !read.status().IsNotImplemented()) return read.status();
    const auto rows = std::move(read).ValueOr(nullptr);
    if (!shared_.json) console.out << OneTableText(summary, rows.get(), console.width());
    json["table"] = ToJson(summary);
    if (shared_.json) json["table"]["rows"] = rows == nullptr ? ordered_json() : RowsToJson(*rows);
    return Status::OK();
  }

  std::string target_;
  std::string table_;
  std::string limit_ = "5";
};

}  // namespace

std::unique_ptr<Command> MakeInspectCommand() { return std::make_unique<InspectCommand>(); }

}  // namespace ampload::cli
