// ampload load SOURCE... [--to TARGET]
#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "cli/amounts.h"
#include "cli/command.h"
#include "cli/connection.h"
#include "cli/signal_watch.h"
#include "loader/identifier.h"
#include "loader/load_result_json.h"
#include "pipeline/load.h"
#include "pipeline/progress.h"
#include "source/file/file_source.h"

namespace ampload::cli {
namespace {

constexpr char kDefaultTarget[] = "lmdb:./ampload.lmdb";

constexpr char kExamples[] = R"(Examples:
  ampload load logs.parquet
      into the table logs of ./ampload.lmdb
  ampload load 'blocks/*.parquet' --to lmdb:./eth.lmdb --table blocks \
      --key block_num
  ampload load tx.parquet --to local --key block_num,tx_index \
      --where 'value > 0 and not (to is null)' --columns hash,to,value
  ampload load logs.parquet --mode overwrite --json | jq .rows_loaded

A load is all or nothing: where it fails or is interrupted, no row of it stays.
Exit status: 0 done, 1 failed, 2 wrong command or configuration, 4 another
writer took over.
)";

bool IsPlainIdentifier(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
         std::string_view::npos;
}

// The stem of a single file; else an error that asks for --table.
Result<std::string> TableNameFrom(const std::vector<std::string>& sources) {
  std::error_code ignored;
  const std::filesystem::path path = sources.front();
  if (sources.size() == 1 && !std::filesystem::is_directory(path, ignored)) {
    const std::string stem = path.stem().string();
    if (IsPlainIdentifier(stem)) return stem;
  }
  return ConfigurationError(
      sources.size() == 1
          ? "load: no table name can be taken from the source; say --table NAME: source=" +
                sources.front()
          : "load: several sources go into one table; say --table NAME");
}

class LoadCommand : public Command {
 public:
  CLI::App* Declare(CLI::App& app) override;
  Result<ExitStatus> Run(const Setting& setting) override;
  std::string FailureJson(const std::string& error) const override {
    LoadResult result;
    result.table_name = table_;
    result.loader_type = loader_type_;
    result.error = error;
    return ToJson(result);
  }

 private:
  struct Plan {
    Target target;
    std::unique_ptr<Source> source;
    pipeline::LoadRequest request;
  };

  void DeclareSource(CLI::App& verb);
  void DeclareTarget(CLI::App& verb);
  Result<Plan> MakePlan(const Setting& setting);
  Result<std::unique_ptr<Source>> OpenSource() const;
  Status CheckMode(const Target& target, LoadMode mode) const;
  pipeline::LoadOutcome Load(const Setting& setting, Plan& plan, Loader& loader,
                             const CallContext& context);
  ExitStatus Tell(const Setting& setting, const Plan& plan,
                  const pipeline::LoadOutcome& outcome) const;

  std::vector<std::string> sources_;
  std::vector<std::string> columns_;
  std::string where_;
  std::string limit_;

  std::string to_;
  std::string table_;
  std::string mode_ = "append";
  std::vector<std::string> keys_;
  std::string order_by_;
  std::string on_duplicate_ = "fail";
  bool no_create_table_ = false;
  bool force_ = false;

  std::string memory_ = "256MiB";
  bool no_progress_ = false;
  std::string loader_type_;  // known once the target is
};

CLI::App* LoadCommand::Declare(CLI::App& app) {
  auto* verb = app.add_subcommand("load", "Load files into a table: all of their rows, or none");
  DeclareSource(*verb);
  DeclareTarget(*verb);
  DeclareConnectionOptions(*verb, shared_);
  DeclareOutputOptions(*verb, shared_);
  verb->add_flag("--no-progress", no_progress_, "no progress line on the terminal")
      ->group("Output");
  verb->footer(kExamples);
  return verb;
}

void LoadCommand::DeclareSource(CLI::App& verb) {
  const std::string group = "Source";
  verb.add_option("SOURCE", sources_,
                  "Parquet files, globs (also ** and {a,b}), and folders of *.parquet; all of one "
                  "schema")
      ->type_name("FILE")
      ->required()
      ->group(group);
  AddList(verb, "--columns", columns_, "A,B", "load only these columns, in this order")
      ->group(group);
  verb.add_option("--where", where_,
                  "load only rows where EXPR holds: column op literal, joined by and, or, not; "
                  "op is = != < <= > >= in, is null; 0x hex for binary")
      ->type_name("EXPR")
      ->group(group);
  verb.add_option("--limit", limit_, "load at most N rows")->type_name("N")->group(group);
}

void LoadCommand::DeclareTarget(CLI::App& verb) {
  const std::string group = "Target";
  verb.add_option("--to", to_,
                  "a URI (lmdb:DIR, ...) or the name of a connection in the config file; default "
                  "lmdb:./ampload.lmdb")
      ->type_name("TARGET")
      ->group(group);
  verb.add_option("--table", table_, "the table; default: the name of the one source file")
      ->type_name("TABLE")
      ->group(group);
  AddChoice(verb, "--mode", mode_, {"append", "overwrite", "upsert", "merge"},
            "add rows (default), replace the table's rows, or let the key columns decide")
      ->group(group);
  AddList(verb, "--key", keys_, "A,B", "the columns that identify a row")->group(group);
  AddChoice(verb, "--on-duplicate", on_duplicate_, {"fail", "replace"},
            "append: what to do with a row whose key the table has; default fail")
      ->group(group);
  verb.add_option("--order-by", order_by_,
                  "upsert, merge: of two rows of one key the one with the greater COLUMN stays")
      ->type_name("COLUMN")
      ->group(group);
  verb.add_flag("--no-create-table", no_create_table_, "refuse a table that is not there yet")
      ->group(group);
  verb.add_flag("--force", force_, "overwrite although pipelines keep their position in the table")
      ->group(group);
  verb.add_option("--memory", memory_, "bound on the rows held in memory; default 256MiB")
      ->type_name("SIZE")
      ->group(group);
}

Result<ExitStatus> LoadCommand::Run(const Setting& setting) {
  ARROW_ASSIGN_OR_RAISE(Plan plan, MakePlan(setting));
  SignalWatch signals;
  const CallContext context{.stop = signals.token()};
  ARROW_ASSIGN_OR_RAISE(const auto loader, ConnectTo(plan.target, context));
  const auto outcome = Load(setting, plan, *loader, context);
  return Tell(setting, plan, outcome);
}

// Everything that can be found wrong before the store is touched.
Result<LoadCommand::Plan> LoadCommand::MakePlan(const Setting& setting) {
  Plan plan;
  if (table_.empty()) {
    ARROW_ASSIGN_OR_RAISE(table_, TableNameFrom(sources_));
  }
  ARROW_RETURN_NOT_OK(CheckTableName(table_));
  TableSpec& table = plan.request.table;
  table.name = table_;
  ARROW_ASSIGN_OR_RAISE(table.mode, ParseLoadMode(mode_));
  ARROW_ASSIGN_OR_RAISE(table.on_duplicate, ParseDuplicatePolicy(on_duplicate_));
  table.keys = keys_;
  table.order_by = order_by_;
  table.create_table = !no_create_table_;
  table.force = force_;
  ARROW_ASSIGN_OR_RAISE(const int64_t memory, ParseAmount("--memory", memory_, OptionType::kBytes));
  plan.request.queue_bytes = std::max<int64_t>(memory / 4, 1);

  ARROW_ASSIGN_OR_RAISE(plan.target,
                        FindTarget(setting.registry, shared_, to_.empty() ? kDefaultTarget : to_));
  loader_type_ = plan.target.descriptor->name;
  ARROW_RETURN_NOT_OK(CheckMode(plan.target, table.mode));
  ARROW_ASSIGN_OR_RAISE(plan.source, OpenSource());
  ARROW_RETURN_NOT_OK(CheckKeys(*plan.source->schema(), keys_));
  if (to_.empty()) {
    setting.report.Notice(std::string("no --to: loading into ") + kDefaultTarget);
  }
  return plan;
}

Result<std::unique_ptr<Source>> LoadCommand::OpenSource() const {
  source::FileSourceOptions options;
  options.paths = sources_;
  options.columns = columns_;
  options.where = where_;
  if (!limit_.empty()) {
    ARROW_ASSIGN_OR_RAISE(options.limit, ParseAmount("--limit", limit_, OptionType::kInteger));
  }
  return source::OpenFileSource(options);
}

Status LoadCommand::CheckMode(const Target& target, LoadMode mode) const {
  const auto& modes = target.descriptor->traits.supported_modes;
  if (modes.contains(mode)) return Status::OK();
  return ConfigurationError(fmt::format("{}: mode {} is not supported; it can do {}: table={}",
                                        loader_type_, ToString(mode), modes.ToString(), table_));
}

pipeline::LoadOutcome LoadCommand::Load(const Setting& setting, Plan& plan, Loader& loader,
                                        const CallContext& context) {
  const bool whole = where_.empty() && limit_.empty();
  const bool silent = shared_.quiet || no_progress_ || !setting.console.err_is_terminal ||
                      shared_.log_format == "json";
  pipeline::ProgressLine line(table_, whole ? plan.source->estimate().rows : std::nullopt,
                              {.quiet = silent, .color = !setting.console.no_color()});
  plan.request.on_progress = [&line](const auto& progress) { line.Show(progress); };
  return pipeline::RunLoad(*plan.source, loader, plan.request, context);
}

ExitStatus LoadCommand::Tell(const Setting& setting, const Plan& plan,
                             const pipeline::LoadOutcome& outcome) const {
  const LoadResult& result = outcome.result;
  if (shared_.json) setting.console.out << ToJson(result) << "\n";
  if (result.success) {
    if (!shared_.json && !shared_.quiet) {
      setting.console.out << fmt::format("{}: {} in {}, {}, {}\n", result.table_name,
                                         RowsText(result.rows_loaded),
                                         SecondsText(result.duration_seconds),
                                         RateText(result.ops_per_second), plan.target.display);
    }
    return ExitStatus::kDone;
  }
  setting.report.Error(result.error);
  return outcome.fenced ? ExitStatus::kFenced : ExitStatusOf(outcome.status);
}

}  // namespace

std::unique_ptr<Command> MakeLoadCommand() { return std::make_unique<LoadCommand>(); }

}  // namespace ampload::cli
