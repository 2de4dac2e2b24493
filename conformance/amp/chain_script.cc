#include "conformance/amp/chain_script.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <utility>

#include "base/nearest_name.h"

namespace ampload::conformance {
namespace {

struct Verb {
  const char* name;
  ChainVerb verb;
  size_t numbers;
  bool of_network;
  const char* takes;
};

constexpr Verb kVerbs[] = {
    {"mine", ChainVerb::kMine, 1, true, "[NETWORK] COUNT"},
    {"reorg", ChainVerb::kReorg, 2, true, "[NETWORK] DEPTH COUNT"},
    {"wait-sent", ChainVerb::kWaitSent, 1, true, "[NETWORK] BLOCK"},
    {"sleep", ChainVerb::kSleep, 1, false, "MS"},
    {"disconnect", ChainVerb::kDisconnect, 0, false, "nothing"},
    {"end", ChainVerb::kEnd, 0, false, "nothing"},
    {"down", ChainVerb::kDown, 1, false, "MS"},
};

std::vector<std::string> WordsOf(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(std::move(word));
  return words;
}

std::optional<uint64_t> NumberOf(const std::string& word) {
  uint64_t number = 0;
  const char* const last = word.data() + word.size();
  const auto [end, error] = std::from_chars(word.data(), last, number);
  if (error != std::errc() || end != last) return std::nullopt;
  return number;
}

Status WrongStep(std::string_view step, const std::string& why) {
  return ConfigurationError("script: " + why + ": " + std::string(step));
}

Result<ChainStep> ParseStep(std::vector<std::string> words, std::string_view text) {
  const auto verb = std::ranges::find_if(
      kVerbs, [&](const Verb& candidate) { return candidate.name == words.front(); });
  if (verb == std::end(kVerbs)) {
    std::vector<std::string> names;
    for (const Verb& known : kVerbs) names.emplace_back(known.name);
    const auto nearest = base::NearestName(words.front(), names);
    return WrongStep(text, "no such step" + (nearest ? "; did you mean " + *nearest + "?" : ""));
  }
  ChainStep step{.verb = verb->verb, .network = {}, .numbers = {}, .text = {}};
  words.erase(words.begin());
  if (verb->of_network && words.size() == verb->numbers + 1) {
    step.network = words.front();
    words.erase(words.begin());
  }
  for (const std::string& word : words) {
    if (const auto number = NumberOf(word)) step.numbers.push_back(*number);
  }
  if (words.size() != verb->numbers || step.numbers.size() != verb->numbers) {
    return WrongStep(text, std::string(verb->name) + " takes " + verb->takes);
  }
  step.text = text;
  return step;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t from = text.find_first_not_of(kSpace);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kSpace) - from + 1);
}

}  // namespace

Result<std::vector<ChainStep>> ParseChainScript(std::string_view text) {
  std::vector<ChainStep> steps;
  while (!text.empty()) {
    const size_t line_end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, line_end);
    text.remove_prefix(std::min(line_end + 1, text.size()));
    line = line.substr(0, line.find('#'));
    while (!line.empty()) {
      const size_t end = std::min(line.find(';'), line.size());
      const std::string_view part = Trimmed(line.substr(0, end));
      line.remove_prefix(std::min(end + 1, line.size()));
      if (part.empty()) continue;
      ARROW_ASSIGN_OR_RAISE(auto step, ParseStep(WordsOf(part), part));
      steps.push_back(std::move(step));
    }
  }
  return steps;
}

}  // namespace ampload::conformance
