// ampload load SOURCE... [--to TARGET], ampload load QUERY --from ADDRESS
#include <fmt/format.h>

#include "cli/amounts.h"
#include "cli/connection.h"
#include "cli/load_options.h"
#include "cli/load_report.h"
#include "cli/signal_watch.h"
#include "cli/text.h"

namespace ampload::cli {
namespace {

constexpr char kExamples[] = R"(Examples:
  ampload load logs.parquet
      into the table logs of ./ampload.lmdb
  ampload load 'blocks/*.parquet' --to lmdb:./eth.lmdb --table blocks \
      --key block_num
  ampload load tx.parquet --to local --key block_num,tx_index \
      --where 'value > 0 and not (to is null)' --columns hash,to,value
  ampload load trades.csv.gz --types 'price:decimal128(38,8),zip:string'
  zcat big.ndjson.gz | ampload load - --format ndjson --table events
  ampload load 's3://bucket/logs/*.parquet' --table logs --memory 1GiB
  ampload load logs.parquet --mode overwrite --json | jq .rows_loaded
  ampload load 'SELECT * FROM "_/eth_rpc".logs WHERE block_num < 100' \
      --from amp://localhost:1602

A load is all or nothing: where it fails or is interrupted, no row of it stays.
ampload plan load ... says what it would do.
Exit status: 0 done, 1 failed, 2 wrong command or configuration, 3 done, with
bad rows in quarantine, 4 another writer took over.
)";

constexpr char kReplayExamples[] = R"(Examples:
  ampload replay-quarantine ampload-quarantine/trades-20260102T030405Z.arrow \
      --to lmdb:./eth.lmdb --types amount:string
  ampload replay-quarantine bad.arrow --to local --on-bad-row quarantine

The rows of a quarantine are loaded once they can be: the file has been mended
(any Arrow program opens it), or the columns' types, casts or names are others
now. The file is renamed to FILE.replayed with the commit, so that its rows are
not loaded twice.
)";

class LoadCommand : public Command {
 public:
  explicit LoadCommand(LoadOptions::From from) : from_(from), options_(from) {}

  CLI::App* Declare(CLI::App& app) override {
    const bool replay = from_ == LoadOptions::From::kQuarantine;
    auto* verb =
        replay ? app.add_subcommand("replay-quarantine", "Load the rows that a load set aside")
               : app.add_subcommand(
                     "load", "Load files or a query's rows into a table: all of them, or none");
    options_.Declare(*verb, shared_);
    DeclareNoProgress(*verb, no_progress_);
    verb->footer(replay ? kReplayExamples : kExamples);
    return verb;
  }

  Result<ExitStatus> Run(const Setting& setting) override {
    SignalWatch signals;
    const CallContext context{.stop = signals.token()};
    ARROW_ASSIGN_OR_RAISE(LoadSetup setup, options_.Make(setting, shared_, context, &loader_type_));
    ARROW_ASSIGN_OR_RAISE(const auto loader, ConnectTo(setup.target, context));
    const auto outcome = Load(setting, setup, *loader, context);
    return Tell(setting, setup, outcome);
  }

  std::string FailureJson(const std::string& error) const override {
    return FailedLoadJson(options_.table(), loader_type_, error);
  }

 private:
  pipeline::LoadOutcome Load(const Setting& setting, LoadSetup& setup, Loader& loader,
                             const CallContext& context) {
    pipeline::ProgressLine line(options_.table(),
                                options_.whole() ? setup.source->estimate().rows : std::nullopt,
                                ProgressStyleOf(setting, shared_, no_progress_));
    setup.request.on_progress = [&line](const auto& progress) { line.Show(progress); };
    auto outcome = pipeline::RunLoad(*setup.source, loader, setup.request, context);
    if (outcome.status.ok() && setup.quarantine != nullptr && setup.quarantine->count() > 0) {
      outcome.result.metadata["quarantine"] = setup.quarantine->path();
    }
    return outcome;
  }

  ExitStatus Tell(const Setting& setting, const LoadSetup& setup,
                  const pipeline::LoadOutcome& outcome) const {
    const LoadResult& result = outcome.result;
    const auto failed = ReportResult(setting, shared_, result, outcome.status, outcome.fenced);
    if (failed.has_value()) return *failed;
    if (!shared_.json && !shared_.quiet) {
      setting.console.out << fmt::format(
          "{}: {} in {}, {}, {}\n", EscapeControls(result.table_name), RowsText(result.rows_loaded),
          SecondsText(result.duration_seconds), RateText(result.ops_per_second),
          setup.target.display);
    }
    if (setup.quarantine == nullptr || setup.quarantine->count() == 0) return ExitStatus::kDone;
    setting.report.Notice(
        fmt::format("{} in quarantine: look at {}, mend, and load them with ampload "
                    "replay-quarantine",
                    RowsText(setup.quarantine->count()), setup.quarantine->path()));
    return ExitStatus::kQuarantined;
  }

  LoadOptions::From from_;
  LoadOptions options_;
  bool no_progress_ = false;
  std::string loader_type_;  // known once the target is
};

}  // namespace

std::unique_ptr<Command> MakeLoadCommand() {
  return std::make_unique<LoadCommand>(LoadOptions::From::kFiles);
}

std::unique_ptr<Command> MakeReplayCommand() {
  return std::make_unique<LoadCommand>(LoadOptions::From::kQuarantine);
}

}  // namespace ampload::cli
