#include "loader/neighbours.h"

#include <algorithm>

#include "ampload/batch_id.h"

namespace ampload {
namespace {

bool ByKey(const TableSpec& spec) {
  return spec.mode == LoadMode::kUpsert || spec.mode == LoadMode::kMerge;
}

Status Refuse(std::string_view loader, std::string_view why, const TableSpec& spec,
              const std::string& pipelines) {
  return ConfigurationError(std::string(loader) + ": " + std::string(why) + ": table=" + spec.name +
                            " pipelines=" + pipelines);
}

}  // namespace

std::string PipelinesOf(const std::vector<Checkpoint>& checkpoints) {
  std::string names;
  for (const auto& one : checkpoints) names += (names.empty() ? "" : ", ") + one.pipeline;
  return names;
}

bool MayReplaceRows(const TableSpec& spec) {
  return ByKey(spec) || spec.on_duplicate == DuplicatePolicy::kReplace;
}

Status CheckNeighbours(std::string_view loader, const TableSpec& spec, bool replacing,
                       const std::vector<Checkpoint>& others, const std::string& alone) {
  if (replacing) {
    if (spec.force || others.empty()) return Status::OK();
    return Refuse(loader,
                  "overwriting would remove the place of other pipelines that write this table; "
                  "give --force to do it",
                  spec, PipelinesOf(others));
  }
  if (!alone.empty() && alone != spec.pipeline) {
    return Refuse(loader,
                  "an upsert or merge stream has this table for itself; load into another table",
                  spec, alone);
  }
  if (ByKey(spec) && spec.streaming && !others.empty()) {
    return Refuse(loader,
                  "an upsert or merge stream must have its table for itself, and another pipeline "
                  "writes this one; stream into another table",
                  spec, PipelinesOf(others));
  }
  if (!MayReplaceRows(spec) || spec.streaming) return Status::OK();
  for (const auto& one : others) {
    if (one.ladder.empty()) continue;
    return Refuse(loader,
                  "a stream writes this table and may take its rows back, and with them what an "
                  "upsert, a merge or --on-duplicate replace made of them; load into another table",
                  spec, one.pipeline);
  }
  return Status::OK();
}

Result<int64_t> ClaimSlot(std::string_view loader, const TableSpec& spec,
                          const std::vector<Checkpoint>& others) {
  if (!others.empty() && !spec.add_pipeline) {
    return Refuse(loader,
                  "another pipeline writes this table; name yours with --pipeline, or allow it "
                  "with --add-pipeline",
                  spec, PipelinesOf(others));
  }
  const auto taken = [&](int64_t slot) {
    return std::any_of(others.begin(), others.end(),
                       [&](const Checkpoint& one) { return one.slot == slot; });
  };
  int64_t slot = 0;
  while (taken(slot)) ++slot;
  if (slot <= BatchId::kMaxSlot) return slot;
  return PermanentError(std::string(loader) +
                        ": too many pipelines write this table: table=" + spec.name);
}

}  // namespace ampload
