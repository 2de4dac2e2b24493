#include "cli/command_line.h"

#include <algorithm>
#include <exception>

#include "cli/completion.h"
#include "cli/secret_arguments.h"
#include "cli/usage_error.h"
#include "cli/verbs.h"
#include "cli/version.h"

namespace ampload::cli {
namespace {

// --json was asked for, although the command line could not be understood.
bool AsksForJson(const std::vector<std::string>& words) {
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::find(words.begin(), end, "--json") != end;
}

bool AsksForJsonLog(const std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--log-format=json") return true;
    if (words[i] == "--log-format" && i + 1 < words.size()) return words[i + 1] == "json";
  }
  return false;
}

class Run {
 public:
  Run(int argc, char** argv, const LoaderRegistry& registry, Console& console)
      : registry_(registry), console_(console), argc_(argc), argv_(argv) {
    for (int i = 1; i < argc; ++i) words_.emplace_back(argv[i]);
    names_ = SecretNames(registry);
  }

  ExitStatus Do() {
    if (!words_.empty() && words_[0] == kCompleteWord) {
      return AnswerCompletion(*line_.app, registry_, words_, console_);
    }
    try {
      line_.app->parse(std::vector<std::string>(words_.rbegin(), words_.rend()));
    } catch (const CLI::CallForHelp&) {
      const CLI::App* verb = ChosenVerb(*line_.app);
      console_.out << (verb != nullptr ? verb : line_.app.get())->help();
      return ExitStatus::kDone;
    } catch (const CLI::CallForVersion&) {
      console_.out << VersionText() << "\n";
      return ExitStatus::kDone;
    } catch (const CLI::ParseError& error) {
      return FailToParse(error);
    }
    OverwriteSecrets(argc_, argv_, names_);
    return RunCommand();
  }

 private:
  Command* Chosen() const {
    const CLI::App* verb = ChosenVerb(*line_.app);
    for (const auto& [app, command] : line_.commands) {
      if (app == verb) return command.get();
    }
    return nullptr;
  }

  ExitStatus FailToParse(const CLI::ParseError& error) {
    if (words_.empty()) {
      console_.err << line_.app->help();
      return ExitStatus::kWrongCommand;
    }
    const Command* command = Chosen();
    const auto format = AsksForJsonLog(words_) ? LogFormat::kJson : LogFormat::kText;
    return Fail(UsageError(*line_.app, error), Report(console_, format, false), command,
                command != nullptr && AsksForJson(words_));
  }

  ExitStatus RunCommand() {
    Command* command = Chosen();
    const SharedOptions& shared = command->shared();
    ApplyLogOptions(shared);
    const auto format = shared.log_format == "json" ? LogFormat::kJson : LogFormat::kText;
    const Report report(console_, format, shared.quiet);
    const auto status = command->Run({registry_, console_, report});
    if (!status.ok()) return Fail(status.status(), report, command, shared.json);
    console_.out.flush();
    if (!console_.out.good()) {
      // A load that is done stays done: without this a script would load the rows twice.
      const bool done = *status == ExitStatus::kDone || *status == ExitStatus::kQuarantined;
      report.Error(done ? "the command is done, but its output could not be written to stdout: do "
                          "not run it again for that"
                        : "cannot write to stdout");
      return ExitStatus::kFailed;
    }
    return *status;
  }

  ExitStatus Fail(const Status& status, const Report& report, const Command* command, bool json) {
    const std::string message = MaskSecrets(MessageOf(status), names_);
    if (json) console_.out << command->FailureJson(message) << "\n" << std::flush;
    report.Error(message);
    return ExitStatusOf(status);
  }

  const LoaderRegistry& registry_;
  Console& console_;
  int argc_;
  char** argv_;
  std::vector<std::string> words_;
  std::set<std::string> names_;
  CommandLine line_ = MakeCommandLine();
};

}  // namespace

int RunCommandLine(int argc, char** argv, const LoaderRegistry& registry, Console& console) {
  try {
    return static_cast<int>(Run(argc, argv, registry, console).Do());
  } catch (const std::exception& error) {
    Report(console, LogFormat::kText, false).Error(std::string("internal error: ") + error.what());
    return static_cast<int>(ExitStatus::kFailed);
  }
}

}  // namespace ampload::cli
