#include "conformance/scenario/scenario.h"

#include <algorithm>
#include <random>
#include <sstream>

namespace ampload::conformance {
namespace {

Scenario Named(std::string name, std::string promise, const std::string& steps) {
  Scenario scenario;
  scenario.name = std::move(name);
  scenario.promise = std::move(promise);
  scenario.steps = ParseSteps(steps).ValueOrDie();
  scenario.seed = std::hash<std::string>{}(scenario.name) % 1000 + 1;
  return scenario;
}

std::vector<Scenario> MakeNamed() {
  std::vector<Scenario> all;
  const auto add = [&](std::string name, std::string promise,
                       const std::string& steps) -> Scenario& {
    return all.emplace_back(Named(std::move(name), std::move(promise), steps));
  };
  add("ReorgAtABatchsEdge", "a batch that is replaced whole goes with its replacement",
      "mine 40; committed; mine 5; committed; reorg 5 7; committed; mine 3");
  add("ReorgInsideABatch", "a reorganisation from the middle of a batch takes it back whole",
      "mine 40; committed; reorg 7 9; committed; mine 3");
  add("ReorgAcrossBatches", "and across several",
      "mine 30; all; mine 12; all; mine 9; committed; reorg 33 35; mine 2");
  add("ReorgOfAMicrobatchOnItsWay", "what is not whole is forgotten",
      "mine 20; all; mine 15; after 2; reorg 10 12; after 1; mine 4")
      .server = {.row_messages = 4, .break_off = true};
  add("TwoReorgsInARow", "a second, deeper one while the first is not made good yet",
      "mine 60; committed; reorg 4 5; after 1; reorg 25 28; after 1; reorg 30 33; mine 2");
  add("ReorgWhileDisconnected", "the cursor's block is gone when the stream comes back",
      "mine 50; committed; disconnect; reorg 12 14; all; mine 3");
  add("ServerForgetsForks", "a cursor that nobody knows begins at its own number: step down",
      "mine 25; committed; mine 9; committed; mine 6; committed; forget; disconnect; reorg 13 16; "
      "all; mine 3");
  add("ReorgOfEverything", "before there is an anchor, all may go",
      "mine 15; committed; reorg 14 18; all; mine 2");
  add("EmptyBlocksOnly", "empty ranges move the checkpoint", "mine 30; all; mine 25; committed")
      .most_rows = 0;
  add("EmptyBlocksAndReorgs", "also where they are taken back",
      "mine 30; committed; reorg 8 9; committed; mine 40; disconnect; reorg 3 5")
      .most_rows = 1;
  add("ReplayedRanges", "what was sent twice is there once",
      "mine 30; all; replay; mine 10; all; replay; disconnect; mine 4; all; replay")
      .server = {.max_blocks = 6, .row_messages = 2};
  add("RowsOnTheCompletingMessage", "they count", "mine 30; after 3; mine 9; reorg 5 6; mine 2")
      .server = {.max_blocks = 7, .rows_on_completion = true};
  add("ServerEndsTheStream", "and has nothing yet: come back later",
      "end; mine 20; after 3; end; mine 10; end; reorg 5 9; end");
  add("AnotherWriterTakesOver", "the older one stops, nothing is doubled",
      "mine 30; committed; takeover; mine 20; all; takeover; reorg 9 12; all; mine 4");
  add("StoreGoesBackInTime", "the stream goes on from what the store says",
      "mine 30; committed; remember; mine 25; committed; reorg 5 6; committed; restore; mine 10");
  add("CrashInTheMiddle", "a killed process costs nothing",
      "mine 30; after 5; crash; mine 20; after 2; crash; reorg 15 18; after 1; crash; mine 3")
      .server = {.max_blocks = 6, .row_messages = 3};
  add("RollbackThenTheSameAgain", "blocks that come back are loaded again",
      "mine 30; committed; reorg 6 6; committed; reorg 6 6; committed; reorg 6 7; mine 1");
  add("SplitOtherwiseOnRetry", "what is sent again in other pieces is there once",
      "mine 50; after 4; crash; after 3; disconnect; mine 20; after 5; crash; reorg 8 9; after 2; "
      "disconnect; mine 3")
      .splits_otherwise = true;
  add("ReorgDuringBackfill", "the chain's end is reorganised while its beginning is still loaded",
      "mine 200; after 6; reorg 20 22; after 3; reorg 3 4; after 9; reorg 70 75; all; mine 2");
  add("LostReplies", "a commit whose reply is lost counts once",
      "mine 30; committed; mine 10; committed; reorg 5 6; committed; mine 4")
      .faults = {"*:2:lose", "*:3:lose"};
  add("TwoNetworks", "a reorganisation of one goes through both where batches carry both",
      "mine 30; mine b 24; committed; mine 9; mine b 9; committed; reorg b 5 7; mine 4; committed; "
      "reorg 12 14; mine b 3; all; mine 5; mine b 5")
      .networks = 2;
  add("DeepHistory", "batches become final, and the ladder short",
      "mine 300; committed; mine 40; reorg 12 14; committed; disconnect; mine 60; reorg 9 10")
      .retention_blocks = 32;
  add("Upserts", "rows that later blocks wrote over come back with a reorganisation",
      "mine 20; committed; mine 10; committed; mine 10; committed; reorg 15 17; committed; mine 9; "
      "disconnect; reorg 6 7; mine 2")
      .mode = LoadMode::kUpsert;
  auto& large =
      add("BatchesThatAreTooLarge", "a batch that cannot be held is staged early",
          "mine 60; after 7; disconnect; mine 40; after 5; reorg 8 9; after 2; crash; mine 3");
  large.server = {.max_blocks = 40, .row_messages = 12};
  large.hold_bytes = 2000;
  large.most_rows = 12;
  return all;
}

using Random = std::mt19937_64;

uint64_t Below(Random& random, uint64_t limit) {
  return std::uniform_int_distribution<uint64_t>(0, limit - 1)(random);
}
bool Chance(Random& random, int percent) {
  return Below(random, 100) < static_cast<uint64_t>(percent);
}

// Heights of the chains, so that a reorganisation is never deeper than may be undone.
struct Heights {
  uint64_t now = 0;
  uint64_t highest = 0;
};

void AddRandomSteps(Random& random, Scenario& scenario) {
  std::vector<Heights> heights(scenario.networks);
  const auto mine = [&](size_t network, uint64_t count) {
    scenario.steps.push_back({.kind = StepKind::kMine, .network = network, .count = count});
    heights[network].now += count;
    heights[network].highest = std::max(heights[network].highest, heights[network].now);
  };
  const auto reorg = [&](size_t network) {
    auto& chain = heights[network];
    // The first block stays; so does what may be final.
    const auto retention = static_cast<uint64_t>(scenario.retention_blocks);
    const uint64_t lowest = chain.highest > retention ? chain.highest - retention + 1 : 1;
    if (chain.now <= lowest) return;
    const uint64_t most = std::min<uint64_t>(chain.now - lowest, Chance(random, 20) ? 60 : 12);
    const uint64_t depth = 1 + Below(random, most);
    const uint64_t count = 1 + Below(random, depth + 4);
    scenario.steps.push_back(
        {.kind = StepKind::kReorg, .network = network, .depth = depth, .count = count});
    chain.now = chain.now - depth + count;
    chain.highest = std::max(chain.highest, chain.now);
  };
  for (size_t i = 0; i < scenario.networks; ++i) mine(i, 1 + Below(random, 60));
  const uint64_t count = 3 + Below(random, 25);
  for (uint64_t i = 0; i < count; ++i) {
    const size_t network = Below(random, scenario.networks);
    const uint64_t what = Below(random, 100);
    if (what < 30) {
      scenario.steps.push_back({.kind = StepKind::kAfter, .count = 1 + Below(random, 6)});
    } else if (what < 50) {
      mine(network, 1 + Below(random, 25));
    } else if (what < 70) {
      reorg(network);
    } else {
      constexpr StepKind kOthers[] = {
          StepKind::kAll,    StepKind::kCommitted,  StepKind::kDisconnect,
          StepKind::kEnd,    StepKind::kReplay,     StepKind::kCrash,
          StepKind::kForget, StepKind::kDisconnect, StepKind::kTakeOver};
      scenario.steps.push_back({.kind = kOthers[Below(random, std::size(kOthers))]});
    }
  }
  // So that the chain is longer than it ever was, and has no unsaid past.
  for (size_t i = 0; i < scenario.networks; ++i) {
    mine(i, heights[i].highest - heights[i].now + 1 + Below(random, 5));
  }
}

}  // namespace

const std::vector<Scenario>& NamedScenarios() {
  static const auto* all = new std::vector<Scenario>(MakeNamed());
  return *all;
}

Scenario RandomScenario(uint64_t seed, const LoaderTraits& traits) {
  Random random(seed);
  Scenario scenario;
  scenario.name = "Random";
  scenario.seed = seed;
  const bool upsert = traits.supported_modes.contains(LoadMode::kUpsert) && Chance(random, 25);
  if (upsert) scenario.mode = LoadMode::kUpsert;
  if (!upsert && traits.supports_multi_network && Chance(random, 25)) scenario.networks = 2;
  scenario.numbered = !upsert && Chance(random, 20);
  scenario.first_block = Chance(random, 30) ? 1 + Below(random, 5000) : 0;
  scenario.most_rows = Chance(random, 15) ? 0 : 1 + Below(random, 6);
  scenario.block_ranges = Chance(random, 20);
  scenario.retention_blocks =
      Chance(random, 50) ? 128 : 25 + static_cast<int64_t>(Below(random, 20));
  scenario.commit_rows = Chance(random, 50) ? 100'000 : 1 + static_cast<int64_t>(Below(random, 60));
  scenario.commit_interval = std::chrono::milliseconds(Chance(random, 50) ? 0 : Below(random, 4));
  scenario.small_steps = Chance(random, 30);
  if (Chance(random, 15)) scenario.hold_bytes = 500 + static_cast<int64_t>(Below(random, 20'000));
  scenario.server = {.max_blocks = 1 + Below(random, 20),
                     .row_messages = 1 + Below(random, 3),
                     .leading_empty = Chance(random, 30),
                     .keep_alives = Chance(random, 20),
                     .rows_on_completion = Chance(random, 30),
                     .break_off = Chance(random, 50)};
  AddRandomSteps(random, scenario);
  const uint64_t faults = Below(random, 4);
  for (uint64_t i = 0; i < faults; ++i) {
    const bool lost = Chance(random, 25);
    scenario.faults.push_back("*:" + std::to_string(1 + Below(random, lost ? 12 : 70)) +
                              (lost ? ":lose" : ""));
  }
  scenario.splits_otherwise = Chance(random, 30);
  return scenario;
}

std::string Lacking(const Scenario& scenario, const LoaderTraits& traits) {
  if (!traits.supports_streaming) return "needs streaming";
  if (!traits.supported_modes.contains(scenario.mode)) {
    return "needs mode " + std::string(ToString(scenario.mode));
  }
  if (scenario.networks > 1 && !traits.supports_multi_network) return "needs several networks";
  return "";
}

std::string Scenario::ToString() const {
  std::ostringstream text;
  text << "scenario=" << name << " seed=" << seed << " networks=" << networks
       << " mode=" << ampload::ToString(mode) << (numbered ? " numbered" : "")
       << (small_steps ? " small_steps" : "") << (splits_otherwise ? " splits_otherwise" : "")
       << " first_block=" << first_block << " retention=" << retention_blocks
       << " commit_rows=" << commit_rows << " interval_ms=" << commit_interval.count()
       << " hold=" << hold_bytes << " max_blocks=" << server.max_blocks
       << " row_messages=" << server.row_messages << (server.break_off ? " break_off" : "")
       << (server.rows_on_completion ? " on_completion" : "") << " faults=";
  for (const auto& fault : faults) text << fault << ",";
  text << " steps=\"" << conformance::ToString(steps) << "\"";
  return text.str();
}

}  // namespace ampload::conformance
