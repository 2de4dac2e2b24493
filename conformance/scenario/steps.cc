#include "conformance/scenario/steps.h"

#include <array>
#include <charconv>
#include <sstream>
#include <utility>

namespace ampload::conformance {
namespace {

struct StepName {
  const char* name;
  StepKind kind;
  size_t numbers;     // how many follow
  bool of_a_network;  // one may be named before them
};

constexpr std::array kNames = {
    StepName{"mine", StepKind::kMine, 1, true},
    StepName{"reorg", StepKind::kReorg, 2, true},
    StepName{"after", StepKind::kAfter, 1, false},
    StepName{"all", StepKind::kAll, 0, false},
    StepName{"committed", StepKind::kCommitted, 0, false},
    StepName{"disconnect", StepKind::kDisconnect, 0, false},
    StepName{"end", StepKind::kEnd, 0, false},
    StepName{"replay", StepKind::kReplay, 0, false},
    StepName{"forget", StepKind::kForget, 0, false},
    StepName{"takeover", StepKind::kTakeOver, 0, false},
    StepName{"crash", StepKind::kCrash, 0, false},
    StepName{"remember", StepKind::kRemember, 0, false},
    StepName{"restore", StepKind::kRestore, 0, false},
};

Result<Step> ParseStep(const std::string& text) {
  const auto wrong = [&] { return ConfigurationError("no such step: " + text); };
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  for (const auto& [name, kind, numbers, of_a_network] : kNames) {
    if (words.front() != name) continue;
    Step step{.kind = kind};
    size_t next = 1;
    if (of_a_network && words.size() == numbers + 2 && words[1].size() == 1) {
      step.network = static_cast<size_t>(words[1][0] - 'a');
      ++next;
    }
    std::array<uint64_t, 2> values = {};
    if (words.size() != next + numbers) return wrong();
    for (size_t i = 0; i < numbers; ++i) {
      const auto& word = words[next + i];
      if (std::from_chars(word.data(), word.data() + word.size(), values[i]).ptr !=
          word.data() + word.size()) {
        return wrong();
      }
    }
    step.depth = numbers == 2 ? values[0] : 0;
    step.count = numbers == 2 ? values[1] : values[0];
    return step;
  }
  return wrong();
}

}  // namespace

std::string Step::ToString() const {
  std::string text;
  for (const auto& [name, its_kind, numbers, of_a_network] : kNames) {
    if (its_kind != kind) continue;
    text = name;
    if (of_a_network && network > 0) text += std::string(" ") + static_cast<char>('a' + network);
    if (numbers == 2) text += " " + std::to_string(depth);
    if (numbers > 0) text += " " + std::to_string(count);
  }
  return text;
}

Result<std::vector<Step>> ParseSteps(const std::string& text) {
  std::vector<Step> steps;
  std::istringstream stream(text);
  for (std::string one; std::getline(stream, one, ';');) {
    if (one.find_first_not_of(" \n") == std::string::npos) continue;
    ARROW_ASSIGN_OR_RAISE(steps.emplace_back(), ParseStep(one));
  }
  return steps;
}

std::string ToString(const std::vector<Step>& steps) {
  std::string text;
  for (const auto& step : steps) text += (text.empty() ? "" : "; ") + step.ToString();
  return text;
}

}  // namespace ampload::conformance
