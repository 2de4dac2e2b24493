// Taking committed batches of a stream back, and forgetting how once nobody will ask.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>

#include "ampload/batch_id.h"
#include "ampload/call_context.h"
#include "ampload/status.h"
#include "loaders/redis/catalog.h"
#include "loaders/redis/connection.h"
#include "loaders/redis/journal_chunk.h"

namespace ampload::redis {

// Batches that have notes: batch id -> the nonce of the open load that writes it; empty: committed.
std::map<int64_t, std::string> BatchesOf(const Reply& fields);  // to HGETALL
Result<std::map<int64_t, std::string>> ReadBatches(Connection& connection, const std::string& table,
                                                   const CallContext& context);

// The keys that these batches wrote, by the notes of them.
Result<std::unordered_set<std::string>> KeysOf(Connection& connection, const std::string& table,
                                               const BatchIdSet& batches,
                                               const CallContext& context);

// First part of the end of a load that takes batches back: their rows go, what they replaced comes
// back, and `load` is written with the stage kNaming. Batches without notes have been taken back
// already. Where batches replaced rows (by_key), one that stays on top of one that goes stays as
// src/stream/undo_records.h says, the count of rows follows, and all is one transaction of the
// server's.
Status UndoBatches(Connection& connection, const std::string& table, OpenLoad* load,
                   const CallContext& context);

// The new rows of such a load, by key, take the place of what is there now, which is noted.
Status NameOver(Connection& connection, const std::string& table, const OpenLoad& load,
                const CallContext& context);

// Every entry of a Redis stream whose id begins with the batch's.
Status RemoveEntries(Connection& connection, const std::string& table, int64_t batch,
                     const CallContext& context);

// Of committed batches, those whose notes nobody needs: final ones that have no batch below them
// that may still be undone (`replaces`: they may have replaced rows), or any final one.
std::set<int64_t> FinalBatches(const std::set<int64_t>& committed, const BatchIdSet& undoable,
                               bool replaces);

// When something expires, in ms since 1970, by the answers to TIME and PTTL; -1: never.
int64_t ExpiryOf(const Reply& time, int64_t pttl);

void AddRestore(std::string_view key, const Image& before, CommandBuffer* commands);

}  // namespace ampload::redis
