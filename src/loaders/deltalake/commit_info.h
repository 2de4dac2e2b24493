// What our log entries say of themselves: commitInfo (the Delta protocol, "Commit Provenance
// Information"). Pure.
//
//   {"timestamp":..,"operation":"WRITE","operationParameters":{..},"isBlindAppend":true,
//    "operationMetrics":{..},"engineInfo":"ampload/..","txnId":"..",
//    "ampload":{"pipeline":..,"owner":..,"epoch":..,"sequence":..,"slot":..,"last_batch_id":..,
//               "source_position":..}}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ampload/checkpoint.h"
#include "ampload/load_mode.h"
#include "loaders/deltalake/actions.h"

namespace ampload::deltalake {

struct CommitStory {
  std::string operation;  // empty: told from the actions
  std::string txn_id;     // no other entry has it
  LoadMode mode = LoadMode::kAppend;
  bool streaming = false;
  int64_t rows = 0;  // of the adds
  std::optional<Checkpoint> checkpoint =
      {};  // as the entry makes it; without its ladder in the log
  int64_t now_ms = 0;
  std::optional<int64_t> in_commit_timestamp = {};
};

CommitInfo InfoOf(const CommitStory& story, const std::vector<Action>& actions);

// Its txnId; empty where it has none.
std::string TxnIdOf(const CommitInfo& info);

}  // namespace ampload::deltalake
