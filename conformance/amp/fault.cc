#include "conformance/amp/fault.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/nearest_name.h"

namespace ampload::conformance {
namespace {

constexpr FaultName kNames[] = {
    {FaultKind::kDisconnect, "disconnect", "the connection breaks before message N"},
    {FaultKind::kStall, "stall", "from message N on the server says nothing any more"},
    {FaultKind::kEnd, "end", "the stream ends properly before message N"},
    {FaultKind::kNoMetadata, "no-metadata", "message N has no app_metadata"},
    {FaultKind::kNotJson, "not-json", "its app_metadata is no JSON"},
    {FaultKind::kDeepJson, "deep-json", "its app_metadata is 100,000 arrays deep"},
    {FaultKind::kMissingFields, "missing-fields", "its range has a network and nothing else"},
    {FaultKind::kWrongTypes, "wrong-types", "its range's numbers are texts"},
    {FaultKind::kTwoRanges, "two-ranges", "it has two ranges of one network"},
    {FaultKind::kOtherNetwork, "other-network", "its first range is of a network never seen"},
    {FaultKind::kStartAfterEnd, "start-after-end", "its first range starts behind its end"},
    {FaultKind::kNoPrevHash, "no-prev-hash", "its first range lacks prev_hash"},
    {FaultKind::kWrongPrevHash, "wrong-prev-hash", "its first range's prev_hash is of no block"},
    {FaultKind::kGap, "gap", "its first range lies ten blocks further than it should"},
    {FaultKind::kNeverComplete, "never-complete",
     "the next completing message from N on is left out; the next microbatch follows"},
    {FaultKind::kRowsWithoutRanges, "rows-without-ranges",
     "the next message with rows from N on has ranges []"},
    {FaultKind::kNothingYet, "nothing-yet",
     "in place of message N: ranges [] and complete, then the end of the stream"},
    {FaultKind::kRepeat, "repeat",
     "the microbatch that the next completing message from N on ends is sent once more"},
    {FaultKind::kCursorIgnored, "cursor-ignored",
     "the Nth stream with a cursor begins at the first block all the same"},
    {FaultKind::kCursorBehind, "cursor-behind",
     "the Nth stream with a cursor begins --max-blocks too early"},
    {FaultKind::kRefuse, "refuse", "the Nth query is refused: the server is not available"},
    {FaultKind::kNoAnswer, "no-answer", "the Nth query is never answered"},
};

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const FaultName& name : kNames) names.emplace_back(name.name);
  return names;
}

}  // namespace

std::span<const FaultName> FaultNames() { return kNames; }

Result<Fault> ParseFault(std::string_view text) {
  Fault fault;
  std::string_view rest = text;
  if (rest.ends_with('*')) {
    fault.each_time = true;
    rest.remove_suffix(1);
  }
  const std::string_view name = rest.substr(0, rest.find('@'));
  const auto known = std::ranges::find_if(
      kNames, [&](const FaultName& candidate) { return candidate.name == name; });
  if (known == std::end(kNames)) {
    const auto names = Names();
    const auto nearest = base::NearestName(name, names);
    return ConfigurationError("fault: no such kind: " + std::string(name) +
                              (nearest ? "; did you mean " + *nearest + "?" : ""));
  }
  fault.kind = known->kind;
  rest.remove_prefix(name.size());
  if (!rest.empty()) rest.remove_prefix(1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), fault.at);
  if (rest.empty() || error != std::errc() || end != rest.data() + rest.size() || fault.at == 0) {
    return ConfigurationError("fault: want KIND@N, with the number of a message from 1: " +
                              std::string(text));
  }
  return fault;
}

bool FaultPlan::Take(FaultKind kind, uint64_t message, Done& done) {
  for (size_t i = 0; i < faults_.size(); ++i) {
    const Fault& fault = faults_[i];
    if (fault.kind != kind || message < fault.at || spent_.contains(i)) continue;
    if (!done.insert(i).second) continue;
    if (!fault.each_time) spent_.insert(i);
    return true;
  }
  return false;
}

}  // namespace ampload::conformance
