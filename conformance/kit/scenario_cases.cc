// Streams as the engine loads them: the named scenarios, and many that a seed makes.
#include "conformance/kit/cases.h"
#include "conformance/kit/child.h"
#include "conformance/scenario/scenario.h"

namespace ampload::conformance {
namespace {

constexpr int kRandomScenarios = 100;

// In a process that has connected nothing, since scenarios fork.
Result<std::string> Play(CaseContext& context, const std::string& scenario) {
  ChildJob job;
  job.loader = context.descriptor().name;
  job.options = context.options();
  job.plugin_folders = context.plugin_folders();
  job.scenario = scenario;
  job.table = context.NewTable();
  ARROW_ASSIGN_OR_RAISE(auto child, Child::Start(job, {}));
  ARROW_ASSIGN_OR_RAISE(const auto end, child.Wait());
  if (!end.done()) return DataError(end.ToString());
  return end.error;
}

Status PlayNamed(CaseContext& context, const Scenario& scenario) {
  if (scenario.goes_back() && !context.config().can_go_back()) {
    return NotForThisLoader("needs a store that the tests can set back");
  }
  return Play(context, scenario.name).status();
}

Status PlayAll(CaseContext& context, const std::string& scenario) {
  ARROW_ASSIGN_OR_RAISE(const auto said, Play(context, scenario));
  context.Note(said);
  return Status::OK();
}

}  // namespace

std::vector<TestCase> ScenarioCases() {
  std::vector<TestCase> cases;
  for (const auto& scenario : NamedScenarios()) {
    cases.push_back({"streaming", scenario.name, scenario.promise,
                     [&scenario](const LoaderTraits& traits) { return Lacking(scenario, traits); },
                     [&scenario](CaseContext& context) { return PlayNamed(context, scenario); }});
  }
  cases.push_back({"crash", "StreamsKilledAtEveryPoint",
                   "the engine goes on wherever its process is killed", NeedsStreaming,
                   [](CaseContext& context) { return PlayAll(context, "matrix"); }});
  cases.push_back({"crash", "RandomStreams",
                   "reorganisations, kills and lost replies in any order leave the chain's rows",
                   NeedsStreaming, [](CaseContext& context) {
                     return PlayAll(context, "random 1 " + std::to_string(kRandomScenarios));
                   }});
  return cases;
}

}  // namespace ampload::conformance
