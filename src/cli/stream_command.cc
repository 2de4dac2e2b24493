// ampload stream "SELECT ..." --from amp://HOST [--to TARGET]
#include <fmt/format.h>

#include "cli/amounts.h"
#include "cli/connection.h"
#include "cli/load_report.h"
#include "cli/signal_watch.h"
#include "cli/stream_options.h"
#include "cli/text.h"

namespace ampload::cli {
namespace {

constexpr char kExamples[] = R"(Examples:
  ampload stream 'SELECT * FROM "_/eth_rpc".logs' --from amp://localhost:1602
      into the table logs of ./ampload.lmdb, for ever
  ampload stream 'SELECT * FROM eth.blocks' --from amp://host \
      --to lmdb:./eth.lmdb --key block_num --until 20000000
  ampload stream 'SELECT address, balance, block_num FROM eth.balances' \
      --from amp+tls://host --to local --mode upsert --key address

Rows that the chain takes back go away again. The table keeps the stream's
place, moved with the rows in one step: a stream that was stopped or killed goes
on where it was, and no row is lost or doubled. Ctrl-C or SIGTERM stops it
cleanly. ampload inspect shows the place, ampload undo takes blocks back by
hand.
AMP_AUTH_TOKEN is the token where --token is not given.
Exit status: 0 stopped or done, 1 failed, 2 wrong command or configuration,
4 another writer took over.
)";

class StreamCommand : public Command {
 public:
  CLI::App* Declare(CLI::App& app) override {
    auto* verb = app.add_subcommand("stream", "Follow a query of an Amp server, exactly once");
    options_.Declare(*verb, shared_);
    DeclareNoProgress(*verb, no_progress_);
    verb->footer(kExamples);
    return verb;
  }

  Result<ExitStatus> Run(const Setting& setting) override {
    SignalWatch signals;
    const CallContext context{.stop = signals.token()};
    ARROW_ASSIGN_OR_RAISE(StreamSetup setup, options_.Make(setting, shared_, &loader_type_));
    ARROW_ASSIGN_OR_RAISE(const auto loader, ConnectTo(setup.target, context));
    pipeline::ProgressLine line(options_.table(), std::nullopt,
                                ProgressStyleOf(setting, shared_, no_progress_));
    setup.request.on_progress = [&line](const auto& progress) { line.ShowStream(progress); };
    const auto outcome = pipeline::RunStream(*setup.source, *loader, setup.request, context);
    line.Clear();
    return Tell(setting, setup, outcome);
  }

  std::string FailureJson(const std::string& error) const override {
    return FailedLoadJson(options_.table(), loader_type_, error);
  }

 private:
  ExitStatus Tell(const Setting& setting, const StreamSetup& setup,
                  const pipeline::StreamOutcome& outcome) const {
    const LoadResult& result = outcome.result;
    const auto failed = ReportResult(setting, shared_, result, outcome.status, outcome.fenced);
    if (failed.has_value()) return *failed;
    if (!shared_.json && !shared_.quiet) {
      setting.console.out << EscapeControls(result.table_name) << ": " << Summary(outcome) << ", "
                          << setup.target.display << "\n";
    }
    return ExitStatus::kDone;
  }

  // "1,234 rows in 12 batches, 30 undone by 2 reorganisations, up to block mainnet 19000123, 3.2 s"
  static std::string Summary(const pipeline::StreamOutcome& outcome) {
    const auto& progress = outcome.progress;
    std::string text =
        fmt::format("{} in {} {}", RowsText(progress.rows_committed), CountText(progress.batches),
                    progress.batches == 1 ? "batch" : "batches");
    if (progress.reorgs > 0) {
      text += fmt::format(", {} undone by {} {}", CountText(progress.rows_undone),
                          CountText(progress.reorgs),
                          progress.reorgs == 1 ? "reorganisation" : "reorganisations");
    }
    for (const auto& [network, block] : progress.committed_to) {
      text += fmt::format(", up to block {} of {}", block.value, EscapeControls(network));
    }
    return text + ", " + SecondsText(outcome.result.duration_seconds) +
           (outcome.stopped ? ", stopped" : "");
  }

  StreamOptions options_;
  bool no_progress_ = false;
  std::string loader_type_;  // known once the target is
};

}  // namespace

std::unique_ptr<Command> MakeStreamCommand() { return std::make_unique<StreamCommand>(); }

}  // namespace ampload::cli
