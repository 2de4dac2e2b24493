#include "cli/verbs.h"

#include <nlohmann/json.hpp>

#include "cli/help_text.h"
#include "cli/version.h"

namespace ampload::cli {
namespace {

constexpr char kExamples[] = R"(Examples:
  ampload load logs.parquet              into the table logs of ./ampload.lmdb
  ampload load logs.parquet --to lmdb:./eth.lmdb --key block_num,log_index
  ampload inspect lmdb:./ampload.lmdb --table logs
  ampload loaders                        what it can load into

`ampload VERB --help` says more.
)";

}  // namespace

std::string Command::FailureJson(const std::string& error) const {
  const nlohmann::ordered_json json = {{"success", false}, {"error", error}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

CommandLine MakeCommandLine() {
  CommandLine line;
  line.app = std::make_unique<CLI::App>("Load Apache Arrow data into the stores that people query",
                                        "ampload");
  CLI::App& app = *line.app;
  app.formatter(MakeHelpFormatter());
  app.set_help_flag("-h,--help", "print this help");
  app.set_version_flag("--version", VersionText(), "print the version");
  app.require_subcommand(1);
  app.footer(kExamples);
  for (auto& command :
       {&MakeLoadCommand, &MakeStreamCommand, &MakePlanCommand, &MakeReplayCommand,
        &MakeCheckCommand, &MakeLoadersCommand, &MakeNewLoaderCommand, &MakeInspectCommand,
        &MakeHistoryCommand, &MakeUndoCommand, &MakeCompletionCommand}) {
    auto made = command();
    CLI::App* verb = made->Declare(app);
    line.commands.emplace_back(verb, std::move(made));
  }
  return line;
}

}  // namespace ampload::cli
