#include "loaders/redis/structure.h"

#include <algorithm>
#include <array>

namespace ampload::redis {
namespace {

LoaderTraits Traits(LoadModes modes, bool streams) {
  LoaderTraits traits;
  traits.supported_modes = modes;
  traits.supports_transactions = true;
  traits.supports_overwrite = true;
  traits.supports_streaming = streams;
  traits.supports_multi_network = streams;
  traits.supports_null_values = true;
  traits.supports_keys = modes.contains(LoadMode::kUpsert);
  traits.commit = CommitKind::kJournaled;
  traits.visibility = Visibility::kRow;
  return traits;
}

const std::array<StructureFacts, 7>& AllFacts() {
  using enum LoadMode;
  static const auto* facts = new std::array<StructureFacts, 7>{{
      {Structure::kHash, "hash", "hash", true, false, true,
       Traits({kAppend, kOverwrite, kUpsert}, true)},
      {Structure::kString, "string", "string", true, true, true,
       Traits({kAppend, kOverwrite, kUpsert}, true)},
      {Structure::kJson, "json", "ReJSON-RL", true, true, true,
       Traits({kAppend, kOverwrite, kUpsert}, true)},
      {Structure::kStream, "stream", "stream", false, false, false,
       Traits({kAppend, kOverwrite}, true)},
      {Structure::kSet, "set", "set", false, true, false, Traits({kAppend, kOverwrite}, false)},
      {Structure::kSortedSet, "sorted_set", "zset", false, true, false,
       Traits({kAppend, kOverwrite}, false)},
      {Structure::kList, "list", "list", false, true, false, Traits({kAppend, kOverwrite}, false)},
  }};
  return *facts;
}

}  // namespace

const StructureFacts& FactsOf(Structure structure) {
  return *std::find_if(AllFacts().begin(), AllFacts().end(),
                       [&](const StructureFacts& one) { return one.structure == structure; });
}

std::optional<Structure> StructureOf(std::string_view name) {
  for (const auto& one : AllFacts()) {
    if (one.name == name) return one.structure;
  }
  return std::nullopt;
}

const std::vector<std::string>& StructureNames() {
  static const auto* names = [] {
    auto* made = new std::vector<std::string>;
    for (const auto& one : AllFacts()) made->emplace_back(one.name);
    return made;
  }();
  return *names;
}

}  // namespace ampload::redis
