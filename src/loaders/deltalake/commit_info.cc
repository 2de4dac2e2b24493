#include "loaders/deltalake/commit_info.h"

#include <nlohmann/json.hpp>

#include "ampload/checkpoint_json.h"

namespace ampload::deltalake {
namespace {

using Json = nlohmann::ordered_json;

struct Counts {
  int64_t added = 0;
  int64_t removed = 0;
  int64_t bytes = 0;
  bool creates = false;
  bool partitioned = false;
};

Counts Count(const std::vector<Action>& actions) {
  Counts out;
  for (const auto& action : actions) {
    if (const auto* add = std::get_if<AddFile>(&action)) {
      ++out.added;
      out.bytes += add->size;
    }
    if (std::holds_alternative<RemoveFile>(action)) ++out.removed;
    if (std::holds_alternative<Protocol>(action)) out.creates = true;
  }
  return out;
}

// Readers show these texts as they are.
std::string OperationOf(const CommitStory& story, const Counts& counts) {
  if (!story.operation.empty()) return story.operation;
  if (story.streaming) return "STREAMING UPDATE";
  if (counts.creates && counts.added == 0) return "CREATE TABLE";
  return "WRITE";
}

}  // namespace

CommitInfo InfoOf(const CommitStory& story, const std::vector<Action>& actions) {
  const auto counts = Count(actions);
  CommitInfo info;
  info.timestamp = story.now_ms;
  info.in_commit_timestamp = story.in_commit_timestamp;
  info.operation = OperationOf(story, counts);
  Json json = {{"operationParameters",
                {{"mode", story.mode == LoadMode::kOverwrite && counts.removed > 0 ? "Overwrite"
                                                                                   : "Append"}}},
               {"isBlindAppend", counts.removed == 0},
               {"operationMetrics",
                {{"numFiles", std::to_string(counts.added)},
                 {"numRemovedFiles", std::to_string(counts.removed)},
                 {"numOutputRows", std::to_string(story.rows)},
                 {"numOutputBytes", std::to_string(counts.bytes)}}},
               {"engineInfo", "ampload/" AMPLOAD_VERSION},
               {"txnId", story.txn_id}};
  if (story.checkpoint.has_value()) {
    auto checkpoint = Json::parse(ToJson(*story.checkpoint));
    checkpoint.erase("ladder");  // the pipeline's record has it
    json["ampload"] = std::move(checkpoint);
  }
  info.json = json.dump();
  return info;
}

std::string TxnIdOf(const CommitInfo& info) {
  const auto json = nlohmann::json::parse(info.json, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("txnId") || !json["txnId"].is_string()) return {};
  return json["txnId"].get<std::string>();
}

}  // namespace ampload::deltalake
