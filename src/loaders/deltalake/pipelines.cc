#include "loaders/deltalake/pipelines.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "ampload/checkpoint_json.h"
#include "ampload/row_bytes.h"
#include "loader/json_record.h"

namespace ampload::deltalake {
namespace {

constexpr std::string_view kPrefix = "ampload/";
constexpr int kSequenceBits = 40;
constexpr char kRemoved[] = "removed";

std::string FolderOf(const std::string& pipeline) {
  return std::string(kOwnFolder) + "/" + FileNameOf(pipeline);
}

}  // namespace

std::string AppIdOf(const std::string& pipeline) { return std::string(kPrefix) + pipeline; }

std::optional<std::string> PipelineOf(const std::string& app_id) {
  if (!app_id.starts_with(kPrefix)) return std::nullopt;
  return app_id.substr(kPrefix.size());
}

int64_t TxnVersionOf(const Checkpoint& checkpoint) {
  return checkpoint.epoch.value << kSequenceBits | checkpoint.sequence;
}

Epoch EpochOfTxn(int64_t version) { return {version >> kSequenceBits}; }

int64_t SequenceOfTxn(int64_t version) { return version & ((int64_t{1} << kSequenceBits) - 1); }

std::string RecordPath(const std::string& pipeline, int64_t txn_version) {
  return fmt::format("{}/{:020}.json", FolderOf(pipeline), txn_version);
}

std::string RecordText(const PipelineRecord& record) {
  const auto text = ToJson(record.checkpoint);
  if (!record.removed) return text;
  auto json = nlohmann::ordered_json::parse(text);
  json[kRemoved] = true;
  return json.dump();
}

Result<std::optional<PipelineRecord>> ReadRecord(lake::ObjectStore& table, const Snapshot& snapshot,
                                                 const std::string& pipeline,
                                                 const CallContext& context) {
  const auto txn = snapshot.txns.find(AppIdOf(pipeline));
  if (txn == snapshot.txns.end()) return std::nullopt;
  const auto path = RecordPath(pipeline, txn->second.version);
  const std::string where = "table=" + table.root() + " file=" + path;
  ARROW_ASSIGN_OR_RAISE(const auto bytes, table.Read(path, context));
  if (bytes == nullptr) {
    return PermanentError(
        "deltalake: the pipeline's checkpoint is missing, though the log has its place; put the "
        "file back, or load with --reset-pipeline to begin anew: " +
            where,
        kRecordMissing);
  }
  const auto text = std::string_view(*bytes);
  PipelineRecord record;
  auto checkpoint = CheckpointFromJson(text);
  if (!checkpoint.ok()) return WithContext(checkpoint.status(), "deltalake: " + where);
  record.checkpoint = *std::move(checkpoint);
  ARROW_ASSIGN_OR_RAISE(record.removed,
                        FromJsonRecord<bool>("deltalake", text, where, [](const auto& json) {
                          return json.value(kRemoved, false);
                        }));
  if (record.checkpoint.pipeline != pipeline ||
      TxnVersionOf(record.checkpoint) != txn->second.version) {
    return PermanentError("deltalake: the checkpoint is that of another commit or pipeline: " +
                          where);
  }
  return record;
}

Result<std::vector<Checkpoint>> ReadCheckpoints(lake::ObjectStore& table, const Snapshot& snapshot,
                                                const CallContext& context) {
  std::vector<Checkpoint> out;
  for (const auto& [app_id, txn] : snapshot.txns) {
    const auto pipeline = PipelineOf(app_id);
    if (!pipeline.has_value()) continue;
    ARROW_ASSIGN_OR_RAISE(auto record, ReadRecord(table, snapshot, *pipeline, context));
    if (record.has_value() && !record->removed) out.push_back(std::move(record->checkpoint));
  }
  return out;
}

Result<std::vector<int64_t>> ListRecords(lake::ObjectStore& table, const std::string& pipeline,
                                         const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto files, table.List(FolderOf(pipeline), "", context));
  std::vector<int64_t> out;
  for (const auto& file : files) {
    const auto name = std::string_view(file.path).substr(file.path.rfind('/') + 1);
    int64_t version = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
    if (error != std::errc() || std::string_view(end, name.data() + name.size()) != ".json") {
      continue;
    }
    out.push_back(version);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace ampload::deltalake
