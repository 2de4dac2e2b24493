// ampload plan load SOURCE... [--to TARGET]
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/amounts.h"
#include "cli/connection.h"
#include "cli/load_options.h"
#include "cli/signal_watch.h"
#include "cli/text.h"
#include "cli/text_table.h"
#include "encode/type_matrix.h"

namespace ampload::cli {
namespace {

using nlohmann::ordered_json;

constexpr char kExamples[] = R"(Examples:
  ampload plan load logs.parquet --to lmdb:./eth.lmdb --key block_num,log_index
  ampload plan load trades.csv --types price:decimal128(38,8) --json

Nothing is written, in the store or elsewhere. Each column is stored
  exact     every value as it is
  declared  every value, in another shape, which is documented
  lossy     values change; refused unless --allow names the loss
  refused   not at all: leave it out with --exclude
Exit status: 0 the load would begin, 1 it would be refused, 2 wrong command or
configuration.
)";

// What the plan knows, whether it is printed or given to a program.
struct Findings {
  TablePlan table;
  std::optional<int64_t> rows;  // nullopt: known only by reading all
  std::optional<int64_t> source_bytes;
  std::optional<int64_t> bytes;
  std::optional<int64_t> steps;
  Status verdict;
};

ordered_json OrNull(const std::optional<int64_t>& value) {
  return value.has_value() ? ordered_json(*value) : ordered_json();
}

ordered_json TextOrNull(const std::string& text) {
  return text.empty() ? ordered_json() : ordered_json(text);
}

std::string HowText(const ColumnPlan& column) {
  std::string text(ToString(column.fidelity));
  if (!column.loss.empty()) text += ": " + column.loss;
  return text;
}

class PlanCommand : public Command {
 public:
  CLI::App* Declare(CLI::App& app) override {
    auto* verb = app.add_subcommand("plan", "Say what a load would do, and write nothing");
    AddChoice(*verb, "WHAT", what_, {"load"}, "the command to plan")->required();
    options_.Declare(*verb, shared_);
    verb->footer(kExamples);
    return verb;
  }

  Result<ExitStatus> Run(const Setting& setting) override {
    SignalWatch signals;
    const CallContext context{.stop = signals.token()};
    std::string loader_type;
    ARROW_ASSIGN_OR_RAISE(LoadSetup setup, options_.Make(setting, shared_, context, &loader_type));
    ARROW_ASSIGN_OR_RAISE(const auto loader, ConnectTo(setup.target, context));
    ARROW_ASSIGN_OR_RAISE(const auto findings, Find(setup, *loader, context));
    if (shared_.json) {
      setting.console.out
          << AsJson(setup, findings).dump(-1, ' ', false, ordered_json::error_handler_t::replace)
          << "\n";
    } else if (!shared_.quiet) {
      setting.console.out << AsText(setup, findings, setting.console.width());
    }
    if (findings.verdict.ok()) return ExitStatus::kDone;
    setting.report.Error(MessageOf(findings.verdict));
    return ExitStatusOf(findings.verdict);
  }

 private:
  Result<Findings> Find(LoadSetup& setup, Loader& loader, const CallContext& context) const {
    Findings found;
    TableSpec spec = setup.request.table;
    spec.schema = setup.schema;
    ARROW_ASSIGN_OR_RAISE(const auto sample, Sample(setup, context));
    ARROW_ASSIGN_OR_RAISE(found.table, loader.PlanTable(spec, sample.get()));
    const auto estimate = setup.source->estimate();
    found.source_bytes = estimate.bytes;
    if (options_.whole()) found.rows = estimate.rows;
    if (found.rows.has_value() && found.table.bytes_per_row.has_value()) {
      const double bytes = static_cast<double>(*found.rows) * *found.table.bytes_per_row;
      found.bytes = static_cast<int64_t>(bytes);
      found.steps = found.table.step_bytes > 0 ? *found.bytes / found.table.step_bytes + 1 : 1;
    }
    found.verdict = encode::CheckPlan(found.table.columns, spec.allow);
    return found;
  }

  // The first rows, as they would reach the table; null where there are none, or the first holds a
  // value that a cast would change.
  static Result<std::shared_ptr<arrow::RecordBatch>> Sample(LoadSetup& setup,
                                                            const CallContext& context) {
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(auto next, setup.source->Next(context));
      if (!next.has_value()) return nullptr;
      if (next->batch->num_rows() == 0) continue;
      auto shaped = setup.request.shape.Apply(next->batch);
      if (!shaped.ok() && BadRowOf(shaped.status()).has_value()) return nullptr;
      return shaped;
    }
  }

  static ordered_json AsJson(const LoadSetup& setup, const Findings& found) {
    auto columns = ordered_json::array();
    for (const auto& column : found.table.columns) {
      columns.push_back({{"name", column.column},
                         {"arrow_type", column.type->ToString()},
                         {"stored_as", TextOrNull(column.stored_as)},
                         {"fidelity", ToString(column.fidelity)},
                         {"loss", TextOrNull(column.loss)},
                         {"by_value", column.by_value},
                         {"note", TextOrNull(column.note)}});
    }
    const bool ok = found.verdict.ok();
    return {{"success", ok},
            {"error", ok ? ordered_json() : ordered_json(MessageOf(found.verdict))},
            {"target", setup.target.display},
            {"loader_type", setup.target.descriptor->name},
            {"table_name", setup.request.table.name},
            {"table_exists", found.table.table_exists},
            {"mode", ToString(setup.request.table.mode)},
            {"layout", found.table.layout},
            {"columns", std::move(columns)},
            {"rows", OrNull(found.rows)},
            {"source_bytes", OrNull(found.source_bytes)},
            {"bytes", OrNull(found.bytes)},
            {"commits", 1},
            {"steps", OrNull(found.steps)}};
  }

  static std::string AsText(const LoadSetup& setup, const Findings& found, int width) {
    std::string text =
        fmt::format("{}, table {}, {}{}\n", EscapeControls(setup.target.display),
                    EscapeControls(setup.request.table.name), ToString(setup.request.table.mode),
                    found.table.table_exists ? "" : ", a new table");
    text += "  rows    " + (found.rows ? RowsText(*found.rows) : "known once all is read");
    if (found.source_bytes) text += fmt::format(", {} to read", SizeText(*found.source_bytes));
    if (found.bytes) text += fmt::format(", about {} to write", SizeText(*found.bytes));
    text += "\n  commit  one";
    if (found.steps && *found.steps > 1) {
      text += fmt::format(", in about {} steps of {}; readers may see rows before it", *found.steps,
                          SizeText(found.table.step_bytes));
    }
    text += "\n";
    for (size_t i = 0; i < found.table.layout.size(); ++i) {
      text += (i == 0 ? "  layout  " : "          ") + EscapeControls(found.table.layout[i]) + "\n";
    }
    TextTable table({{"COLUMN"}, {"ARROW TYPE"}, {"STORED AS"}, {"HOW"}, {"NOTE"}});
    for (const auto& column : found.table.columns) {
      table.AddRow(
          {column.column, column.type->ToString(), column.stored_as, HowText(column), column.note});
    }
    return text + "\n" + table.Print(width, /*repeat_first=*/true);
  }

  std::string what_;
  LoadOptions options_;
};

}  // namespace

std::unique_ptr<Command> MakePlanCommand() { return std::make_unique<PlanCommand>(); }

}  // namespace ampload::cli
