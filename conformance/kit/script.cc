#include "conformance/kit/script.h"

#include <algorithm>

#include "ampload/write_session.h"

namespace ampload::conformance {

std::shared_ptr<arrow::Schema> Script::SchemaAt(size_t index) const {
  for (size_t i = std::min(index, commits.size() - 1) + 1; i-- > 0;) {
    if (!commits[i].batches.empty()) return commits[i].batches.front().rows->schema();
  }
  for (const auto& commit : commits) {
    if (!commit.batches.empty()) return commit.batches.front().rows->schema();
  }
  return existing->schema();
}

const Script* FindScript(const std::string& name) {
  const auto& all = AllScripts();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Script& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string Lacking(const Script& script, const LoaderTraits& traits) {
  if (traits.commit == CommitKind::kNone) return "needs commits that are all or nothing";
  if (!traits.supported_modes.contains(script.mode)) {
    return "needs mode " + std::string(ToString(script.mode));
  }
  if (script.streaming && !traits.supports_streaming) return "needs streaming";
  const bool many =
      std::any_of(script.commits.begin(), script.commits.end(), [](const ScriptCommit& commit) {
        return std::any_of(commit.batches.begin(), commit.batches.end(), [](const auto& batch) {
          return !batch.ranges.empty() && batch.ranges.front().network != "mainnet";
        });
      });
  if (many && !traits.supports_multi_network) return "needs several networks";
  return "";
}

std::vector<bool> UndoneBy(const std::vector<Reorg>& reorgs,
                           const std::vector<std::vector<BlockRange>>& ladder) {
  std::vector<bool> undone(ladder.size(), false);
  std::vector<Reorg> reasons = reorgs;
  // Grows while it is gone through: an undone batch is a reason for others.
  for (size_t r = 0; r < reasons.size(); ++r) {
    for (size_t i = 0; i < ladder.size(); ++i) {
      const bool hit =
          std::any_of(ladder[i].begin(), ladder[i].end(), [&](const BlockRange& range) {
            return range.network == reasons[r].network && range.end.value >= reasons[r].from;
          });
      if (!hit || undone[i]) continue;
      undone[i] = true;
      for (const auto& range : ladder[i]) reasons.push_back({range.network, range.start.value});
    }
  }
  return undone;
}

}  // namespace ampload::conformance
