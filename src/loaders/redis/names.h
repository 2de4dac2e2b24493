// The Redis keys that are ampload's own. They lie in the tables' database; a change of them is a
// change of the interface. README.md says what lies under each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ampload::redis {

inline constexpr std::string_view kOwnPrefix = "__ampload__:";

inline bool IsOwnKey(std::string_view key) { return key.starts_with(kOwnPrefix); }

inline const std::string kTablesKey = "__ampload__:tables";  // set: the tables' names
inline const std::string kRowsKey = "__ampload__:rows";      // hash: table -> how many rows

// string: TableRecord (JSON); string: the Arrow schema (IPC)
inline std::string TableKey(const std::string& table) { return "__ampload__:table:" + table; }
inline std::string SchemaKey(const std::string& table) { return "__ampload__:schema:" + table; }
// hash: pipeline -> Checkpoint (JSON)
inline std::string CheckpointsKey(const std::string& table) {
  return "__ampload__:checkpoints:" + table;
}
// string: the pipeline whose upserts have the table for themselves
inline std::string AloneKey(const std::string& table) { return "__ampload__:alone:" + table; }
// hash: nonce -> OpenLoad (JSON)
inline std::string LoadsKey(const std::string& table) { return "__ampload__:loads:" + table; }
// hash: batch id -> the nonce of the open load that writes it; empty once it is committed. Batches
// that have a list below, and those of a table that is a Redis stream
inline std::string BatchesKey(const std::string& table) { return "__ampload__:batches:" + table; }
// list: chunks (journal_chunk.h) of what a batch wrote
inline std::string UndoKey(const std::string& table, int64_t batch) {
  return "__ampload__:undo:" + table + ":" + std::to_string(batch);
}
// list: the same, of a load that keeps nothing once it is committed
inline std::string JournalKey(const std::string& nonce) { return "__ampload__:journal:" + nonce; }
// in front of the keys of an overwrite, until they take the old ones' place
inline std::string NewPrefix(const std::string& nonce) { return "__ampload__:new:" + nonce + ":"; }
// hash: key -> its order value in the commit at hand
inline std::string OrderKey(const std::string& nonce) { return "__ampload__:order:" + nonce; }

}  // namespace ampload::redis
