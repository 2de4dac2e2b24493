// Plays scenarios against a store, in processes that are really killed.
//
//   this process   ─fork─▶  loads; verified after commits   ─ SIGKILL, fenced ─▶  the next one ...
//   opens no store                                          ─ done ─▶  the table is compared
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "ampload/conformance/loader_test_config.h"
#include "ampload/options.h"
#include "ampload/registry.h"
#include "conformance/scenario/scenario.h"

namespace ampload::conformance {

// A store for scenarios. No loader of it was connected in this process.
struct ScenarioStore {
  const LoaderDescriptor* loader = nullptr;
  ConfigMap options;
  LoaderTraits traits;  // with those options
  LoaderTestConfig* config = nullptr;
};

struct PlayedScenario {
  Status status;  // OK: every comparison held
  int64_t processes = 0;
  int64_t killed = 0;
  int64_t fenced = 0;
  int64_t commits_compared = 0;
};

// To its end, with its faults. Forks: call it from a process with one thread.
PlayedScenario PlayScenario(const Scenario& scenario, const ScenarioStore& store);

// Scenarios of the seeds [first, first + count). Prints failures, each with what plays it again,
// and a last line of counts. True: all held.
bool PlayRandomScenarios(uint64_t first, uint64_t count, const ScenarioStore& store,
                         std::ostream& out);

// The named scenarios: each as it is, then killed at the first, the middle and the last passing of
// every fault point that it passes. Prints "F x S = N: ...". True: all held.
bool PlayScenarioMatrix(const ScenarioStore& store, std::ostream& out);

}  // namespace ampload::conformance
