#include "loaders/deltalake/undo_plan.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>
#include <utility>

#include "ampload/log.h"
#include "loaders/deltalake/file_reader.h"
#include "loaders/deltalake/file_stats.h"
#include "loaders/deltalake/table_writer.h"

namespace ampload::deltalake {
namespace {

constexpr int64_t kUnknown = std::numeric_limits<int64_t>::max();

// "123,456"; empty where the text is another.
BatchIdSet BatchesOf(std::string_view text) {
  BatchIdSet out;
  while (!text.empty()) {
    int64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc()) return {};
    out.insert(BatchId(id));
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.starts_with(",")) text.remove_prefix(1);
  }
  return out;
}

FileBatches Judge(const Snapshot& snapshot, const AddFile& file) {
  FileBatches out;
  const auto field = snapshot.schema->GetFieldByName(kBatchIdColumn);
  if (field == nullptr) {
    out.known = true;
    out.any = false;
    return out;
  }
  // A tag has them all, and no row of the file is without a batch.
  if (file.tags.has_value()) {
    if (const auto tag = file.tags->find(kBatchesTag); tag != file.tags->end()) {
      out.exact = BatchesOf(tag->second);
    }
  }
  if (!out.exact.empty()) {
    out.known = true;
    out.low = out.exact.begin()->value();
    out.high = out.exact.rbegin()->value();
    return out;
  }
  const auto stats = ReadStats(file.stats, PhysicalName(*field, snapshot.mapping));
  if (stats.rows.has_value() && stats.null_batches == stats.rows) {
    out.known = true;
    out.any = false;
    return out;
  }
  if (!stats.batches.has_value()) return out;
  out.known = true;
  std::tie(out.low, out.high) = *stats.batches;
  if (out.low == out.high && stats.null_batches == 0) out.exact = {BatchId(out.low)};
  return out;
}

bool MayHave(const FileBatches& found, const BatchIdSet& batches) {
  if (!found.known) return true;
  if (!found.any) return false;
  if (!found.exact.empty()) {
    return std::any_of(found.exact.begin(), found.exact.end(),
                       [&](BatchId id) { return batches.contains(id); });
  }
  const auto at = batches.lower_bound(BatchId(found.low));
  return at != batches.end() && at->value() <= found.high;
}

bool HasNoOther(const FileBatches& found, const BatchIdSet& batches) {
  return !found.exact.empty() &&
         std::includes(batches.begin(), batches.end(), found.exact.begin(), found.exact.end());
}

}  // namespace

void BatchFinder::LookAt(const Snapshot& snapshot, const TableFiles& files) {
  const auto changed = files.ChangedSince(state_);
  state_ = files.state();
  if (!changed.has_value()) {
    by_batch_.clear();
    known_.clear();
    known_.reserve(files.adds().size());
    for (const auto& [key, file] : files.adds()) Enter(snapshot, key, file);
    return;
  }
  for (const auto& key : *changed) {
    Leave(key);
    const auto there = files.adds().find(key);
    if (there != files.adds().end()) Enter(snapshot, key, there->second);
  }
}

void BatchFinder::Enter(const Snapshot& snapshot, const FileKey& key, const AddFile& file) {
  const auto& [own_key, batches] = *known_.emplace(key, Judge(snapshot, file)).first;
  if (batches.known && !batches.any) return;
  by_batch_.emplace(batches.known ? batches.high : kUnknown, &own_key);
}

void BatchFinder::Leave(const FileKey& key) {
  const auto found = known_.find(key);
  if (found == known_.end()) return;
  by_batch_.erase({found->second.known ? found->second.high : kUnknown, &found->first});
  known_.erase(found);
}

std::vector<BatchFinder::Found> BatchFinder::Holding(const Snapshot& snapshot,
                                                     const TableFiles& files,
                                                     const BatchIdSet& batches) {
  std::vector<Found> out;
  if (batches.empty()) return out;
  LookAt(snapshot, files);
  for (auto at = by_batch_.lower_bound({batches.begin()->value(), nullptr}); at != by_batch_.end();
       ++at) {
    const auto& found = known_.at(*at->second);
    if (!MayHave(found, batches)) continue;
    out.push_back({at->second, &files.adds().at(*at->second), &found});
  }
  return out;
}

std::vector<BatchId> BatchFinder::Missing(const Snapshot& snapshot, const TableFiles& files,
                                          const BatchIdSet& batches) {
  BatchIdSet missing = batches;
  for (const auto& found : Holding(snapshot, files, batches)) {
    if (!found.batches->known) return {};
    std::erase_if(missing, [&](BatchId id) { return MayHave(*found.batches, {id}); });
  }
  return {missing.begin(), missing.end()};
}

UndoPlan::UndoPlan(std::shared_ptr<lake::ObjectStore> table, DeltaLakeStorageConfig config,
                   int64_t memory_bytes)
    : table_(std::move(table)), config_(std::move(config)), memory_bytes_(memory_bytes) {}

Result<std::vector<Action>> UndoPlan::Make(const Snapshot& snapshot, const TableFiles& files,
                                           const BatchIdSet& batches, BatchFinder& finder,
                                           int64_t now_ms, const CallContext& context) {
  std::vector<Action> out;
  if (batches.empty()) return out;
  for (const auto& found : finder.Holding(snapshot, files, batches)) {
    if (HasNoOther(*found.batches, batches)) {
      out.emplace_back(RemoveOf(*found.file, now_ms));
      continue;
    }
    auto known = rewritten_.find(*found.key);
    if (known == rewritten_.end()) {
      ARROW_ASSIGN_OR_RAISE(auto rewritten,
                            Rewrite(snapshot, *found.file, batches, *found.batches, context));
      known = rewritten_.emplace(*found.key, std::move(rewritten)).first;
    }
    if (!known->second.changed) continue;
    out.emplace_back(RemoveOf(*found.file, now_ms));
    out.insert(out.end(), known->second.adds.begin(), known->second.adds.end());
  }
  return out;
}

Result<UndoPlan::Rewritten> UndoPlan::Rewrite(const Snapshot& snapshot, const AddFile& file,
                                              const BatchIdSet& batches, const FileBatches& found,
                                              const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto form, TableWriter::Make(config_, snapshot.protocol,
                                                           snapshot.metadata, snapshot.schema));
  ARROW_ASSIGN_OR_RAISE(auto writer,
                        lake::RollingWriter::Make(table_, form.Settings(memory_bytes_)));
  Rewritten out;
  const auto take = [&](std::optional<int64_t> batch) {
    const bool undone = batch.has_value() && batches.contains(BatchId(*batch));
    out.changed = out.changed || undone;
    return !undone;
  };
  const auto write = [&](const std::shared_ptr<arrow::RecordBatch>& rows) -> Result<bool> {
    ARROW_ASSIGN_OR_RAISE(const auto physical, form.Rows(*rows));
    ARROW_RETURN_NOT_OK(writer->Write(*physical, context));
    return true;
  };
  ARROW_RETURN_NOT_OK(ReadDataFile(*table_, snapshot, file, write, context, take));
  if (!out.changed) {
    writer->Discard();
    return out;
  }
  FileGroup group;
  ARROW_ASSIGN_OR_RAISE(group.files, writer->Finish(context));
  std::set_difference(found.exact.begin(), found.exact.end(), batches.begin(), batches.end(),
                      std::inserter(group.batches, group.batches.end()));
  out.adds = form.Adds(group);
  for (const auto& one : group.files) out.paths.push_back(one.path);
  return out;
}

std::vector<std::string> UndoPlan::rewritten() const {
  std::vector<std::string> paths;
  for (const auto& [key, one] : rewritten_) {
    paths.insert(paths.end(), one.paths.begin(), one.paths.end());
  }
  return paths;
}

void UndoPlan::DiscardRewritten() {
  const auto paths = rewritten();
  rewritten_.clear();
  if (paths.empty()) return;
  const Status deleted = table_->Delete(paths, CallContext{});
  if (!deleted.ok()) LogWarning("deltalake", MessageOf(deleted));
}

void UndoPlan::Forget() { rewritten_.clear(); }

}  // namespace ampload::deltalake
