// A stream's story: chains, a server, what happens, and how it is loaded.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "ampload/load_mode.h"
#include "ampload/loader_traits.h"
#include "conformance/amp/stream_producer.h"
#include "conformance/scenario/steps.h"

namespace ampload::conformance {

struct Scenario {
  std::string name;
  std::string promise;
  uint64_t seed = 1;
  size_t networks = 1;
  uint64_t first_block = 0;
  uint64_t most_rows = 5;  // of a block
  ProducerOptions server = {};
  bool splits_otherwise = false;  // every connection cuts microbatches and messages in another way
  std::vector<Step> steps = {};

  // How it is loaded. Append: keys are network, block and index, or none (`numbered`). Upsert: the
  // index alone is the key, so that blocks write over each other.
  LoadMode mode = LoadMode::kAppend;
  bool numbered = false;
  bool block_ranges = false;
  int64_t retention_blocks = 128;
  int64_t commit_rows = 100'000;
  std::chrono::milliseconds commit_interval{2};
  int64_t hold_bytes = 64 << 20;
  bool small_steps = false;  // with the options of LoaderTestConfig::SmallSteps

  // Where the processes that play it are killed: the AMPLOAD_FAULT of the first, the second, ...
  std::vector<std::string> faults = {};

  // It needs a store that the tests can set back.
  bool goes_back() const {
    return std::any_of(steps.begin(), steps.end(),
                       [](const Step& step) { return step.kind == StepKind::kRestore; });
  }

  std::string ToString() const;  // all of it, for a person who looks for a failure
};

// The named ones: each reproduces something that went wrong somewhere.
const std::vector<Scenario>& NamedScenarios();

// One of many: chains, reorganisations, crashes and lost replies by the seed.
Scenario RandomScenario(uint64_t seed, const LoaderTraits& traits);

// Why a loader of these traits cannot play it; empty: it can.
std::string Lacking(const Scenario& scenario, const LoaderTraits& traits);

}  // namespace ampload::conformance
