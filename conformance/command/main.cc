// ampload-conformance: does a loader keep what it promises? See docs/conformance.md.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "ampload/fault_point.h"
#include "ampload/log.h"
#include "conformance/command/store.h"
#include "conformance/kit/child.h"
#include "conformance/kit/run.h"
#include "conformance/scenario/play.h"

namespace ampload::conformance {
namespace {

// What the words of the command line come to.
struct Arguments {
  std::string loader;
  std::string config;
  std::vector<std::string> options;
  std::string suites;
  std::string filter;
  bool list = false;
  bool verbose = false;
  uint64_t scenarios = 0;
  uint64_t first_seed = 1;
  std::string scenario;
};

Result<Selection> MakeSelection(const Arguments& arguments) {
  Selection selection;
  std::istringstream names(arguments.suites);
  for (std::string name; std::getline(names, name, ',');) {
    if (std::find(std::begin(kSuites), std::end(kSuites), name) == std::end(kSuites)) {
      return ConfigurationError("there is no such suite, they are core, types, streaming, crash: " +
                                name);
    }
    selection.suites.insert(name);
  }
  ARROW_ASSIGN_OR_RAISE(selection.filter, NameFilter::Make(arguments.filter));
  return selection;
}

Result<ConfigMap> OptionsOf(const Arguments& arguments) {
  ConfigMap options;
  for (const auto& one : arguments.options) {
    const size_t equals = one.find('=');
    if (equals == std::string::npos || equals == 0) {
      return ConfigurationError("--option wants NAME=VALUE: " + one);
    }
    options[one.substr(0, equals)] = one.substr(equals + 1);
  }
  return options;
}

// One line a case; with a loader's traits also why it would be skipped.
void List(const Selection& selection, const LoaderTraits* traits) {
  for (const auto& test : AllCases()) {
    if (!selection.Takes(test)) continue;
    std::cout << test.full_name() << "\t" << test.promise;
    if (traits != nullptr && test.lacking != nullptr) {
      const std::string lacking = test.lacking(*traits);
      if (!lacking.empty()) std::cout << "\tskipped: " << lacking;
    }
    std::cout << "\n";
  }
}

// A loader that crashes takes this process with it: the last words say in which case.
void NameTheCaseInACrash() {
  const auto last_words = [](int signal) {
    constexpr std::string_view before = "\nampload-conformance: the loader crashed in ";
    const std::string_view name = RunningCase();
    // Nothing can be done about a failed write here.
    if (write(STDERR_FILENO, before.data(), before.size()) < 0 ||
        write(STDERR_FILENO, name.data(), name.size()) < 0 || write(STDERR_FILENO, "\n", 1) < 0) {
      _exit(1);
    }
    std::signal(signal, SIG_DFL);
    raise(signal);
  };
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) {
    std::signal(signal, last_words);
  }
}

// Beside the suites: many random scenarios, or one of the named ones, over and over by hand.
Result<int> PlayScenarios(const Arguments& arguments, const LoaderRegistry& registry,
                          const LoaderDescriptor& loader, const std::string& folders) {
  ARROW_ASSIGN_OR_RAISE(const auto more, OptionsOf(arguments));
  ARROW_ASSIGN_OR_RAISE(const auto under_test,
                        MakeStore(registry, loader, arguments.config, more, folders));
  const ScenarioStore store{&loader, under_test.options, under_test.traits,
                            under_test.config.get()};
  if (arguments.scenarios > 0) {
    return PlayRandomScenarios(arguments.first_seed, arguments.scenarios, store, std::cout) ? 0 : 1;
  }
  if (arguments.scenario == "matrix") return PlayScenarioMatrix(store, std::cout) ? 0 : 1;
  for (const auto& named : NamedScenarios()) {
    if (named.name != arguments.scenario) continue;
    const auto played = PlayScenario(named, store);
    std::cout << named.ToString() << "\n"
              << played.processes << " processes, " << played.killed << " killed, " << played.fenced
              << " fenced, " << played.commits_compared << " commits compared\n";
    ARROW_RETURN_NOT_OK(played.status);
    return 0;
  }
  return ConfigurationError("there is no such scenario: " + arguments.scenario);
}

Result<int> Run(const Arguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto selection, MakeSelection(arguments));
  auto registry = LoaderRegistry::BuiltIn();
  const std::string folders = PluginFolders();
  registry.LoadPlugins(folders);
  if (arguments.list && arguments.loader.empty()) {
    List(selection, nullptr);
    return 0;
  }
  if (arguments.loader.empty()) {
    return ConfigurationError("name a loader: --loader NAME (`ampload loaders` lists them)");
  }
  ARROW_ASSIGN_OR_RAISE(const auto* loader, registry.FindByName(arguments.loader));
  ARROW_ASSIGN_OR_RAISE(const auto more, OptionsOf(arguments));
  if (arguments.list) {
    // Options that say which store may be missing: then what the loader says of itself.
    const auto traits = TraitsOf(*loader, more);
    List(selection, traits.ok() ? &*traits : &loader->traits);
    return 0;
  }
  if (selection.suites.contains("crash") && !FaultPointsCompiledIn()) {
    return ConfigurationError(
        "this build has no fault points, so the crash suite would prove nothing: build with "
        "-DAMPLOAD_FAULT_POINTS=ON (the preset ci), or leave the suite out");
  }
  if (arguments.scenarios > 0 || !arguments.scenario.empty()) {
    return PlayScenarios(arguments, registry, *loader, folders);
  }
  NameTheCaseInACrash();
  ARROW_ASSIGN_OR_RAISE(auto store, MakeStore(registry, *loader, arguments.config, more, folders));
  std::cout << "loader " << loader->name << " (" << loader->client << ")" << std::endl;
  const Tally tally = RunCases(store, selection, std::cout);
  if (tally.passed + tally.failed + tally.skipped == 0) {
    return ConfigurationError("no case was selected: suites and --filter leave none");
  }
  return tally.failed > 0 ? 1 : 0;
}

}  // namespace
}  // namespace ampload::conformance

int main(int argc, char** argv) {
  using namespace ampload;
  if (argc == 3 && std::string_view(argv[1]) == conformance::kChildOption) {
    SetLogLevel(LogLevel::kOff);
    auto registry = LoaderRegistry::BuiltIn();
    registry.LoadPlugins(conformance::PluginFolders());
    return conformance::RunChild(registry, argv[2]);
  }
  CLI::App app("Runs the conformance suites on a loader.", "ampload-conformance");
  conformance::Arguments arguments;
  arguments.suites =
      FaultPointsCompiledIn() ? "core,types,streaming,crash" : "core,types,streaming";
  app.add_option("--loader", arguments.loader, "the loader to test, built in or a plugin")
      ->type_name("NAME");
  app.add_option(
         "--config", arguments.config,
         "a config file of ampload's with one connection of that loader; default: the URI in "
         "AMPLOAD_TEST_<LOADER>_URI, else a store is started for the tests")
      ->type_name("FILE");
  app.add_option("--option", arguments.options,
                 "an option of the loader on top of the store's own; may be given again")
      ->type_name("NAME=VALUE");
  app.add_option("--suite", arguments.suites, "suites to run, with commas")
      ->capture_default_str()
      ->type_name("NAMES");
  app.add_option("--filter", arguments.filter, "only cases whose suite.Name has this")
      ->type_name("REGEX");
  app.add_option("--scenarios", arguments.scenarios,
                 "play so many random streams, with reorganisations, crashes and lost replies, in "
                 "place of the suites")
      ->type_name("N");
  app.add_option("--first-seed", arguments.first_seed, "of the first of them")
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--scenario", arguments.scenario,
                 "play one of the named streams, or `matrix`: each killed at every fault point")
      ->type_name("NAME");
  app.add_flag("--list", arguments.list, "list the cases and run none");
  app.add_flag("-v,--verbose", arguments.verbose, "let the loader log");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  SetLogLevel(arguments.verbose ? LogLevel::kInfo : LogLevel::kOff);
  const auto status = conformance::Run(arguments);
  if (status.ok()) return *status;
  std::cerr << "ampload-conformance: " << MessageOf(status.status()) << '\n';
  return KindOf(status.status()) == FailureKind::kConfiguration ? 2 : 1;
}
