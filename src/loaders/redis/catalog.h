// What ampload keeps about its tables, in keys of the same database (names.h). Reading is a
// command or two; writing goes into a CommandBuffer, most often one between MULTI and EXEC.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/checkpoint.h"
#include "ampload/status.h"
#include "encode/row_format_encoder.h"
#include "encode/text_encoder.h"
#include "loaders/redis/connection.h"
#include "loaders/redis/structure.h"

namespace ampload::redis {

struct TableRecord {
  std::string uuid;
  Structure structure = Structure::kHash;
  std::string key_pattern;               // "{table}:{block_num}"; empty: rows are numbered
  std::vector<std::string> key_columns;  // those of the pattern
  encode::ValueFormat value_format = encode::ValueFormat::kJson;
  encode::BinaryText binary = encode::BinaryText::kBytes;
  std::string score;                      // sorted_set
  uint64_t next_number = 0;               // of one-off loads' numbered rows
  std::vector<std::string> recent_loads;  // one-off loads, by nonce; the last committed at the end
  std::vector<std::string> remembered;    // those that asked for it, the oldest first
  bool expires = false;                   // some load gave a ttl: the count of rows is a guess
  std::shared_ptr<arrow::Schema> schema;  // of the columns that are stored
};
inline constexpr size_t kRememberedLoads = 256;
inline constexpr size_t kRecentLoads = 16;

// What a load has written, or may have, before its commit.
struct OpenLoad {
  enum class Stage {
    kWriting,   // undo it: what it wrote goes
    kClearing,  // committed; old rows go, then the new ones get their names
    kNaming,    // committed; the new rows get their names
  };
  std::string nonce;
  std::string pipeline;  // empty: a one-off load
  std::string client;    // ClientHandle as text: alive or dead?
  Stage stage = Stage::kWriting;
  bool replaces = false;                   // its rows may take the place of others
  bool unguarded = false;                  // it looks for its keys, but does not watch them
  Structure structure = Structure::kHash;  // of what it writes
  std::string hidden;            // what is in front of its keys until the commit; or empty
  int64_t list_length = -1;      // list: before this load; -1: it adds to none
  std::vector<int64_t> batches;  // a Redis stream: whose entries it adds; behind the commit, those
                                 // whose rows have no names yet
  std::vector<int64_t> undone;   // kClearing: batches of a stream that go
  bool by_key = false;           // they, and the new rows, may have replaced rows
  int64_t unnamed = -1;          // behind the commit: so many rows get names; -1: not known
  // kClearing of an overwrite: the rows that go. Of a table that was one key none are left by then.
  std::string old_glob;
  std::string old_shape;  // KeyShape as text
  Structure old_structure = Structure::kHash;

  std::string Holder() const;  // for people
};

std::string ToJson(const TableRecord& record);
Result<TableRecord> TableRecordFromJson(std::string_view text, const std::string& table);
std::string ToJson(const OpenLoad& load);
Result<OpenLoad> OpenLoadFromJson(std::string_view text, const std::string& table);

// From replies: to GET of the table's key and of its schema's, to HVALS of the checkpoints' hash
// and of the loads'.
Result<std::optional<TableRecord>> TableOf(const Reply& record, const Reply& schema,
                                           const std::string& table);
Result<std::vector<Checkpoint>> CheckpointsOf(const Reply& values);  // by pipeline
Result<std::vector<OpenLoad>> LoadsOf(const Reply& values, const std::string& table);

// Nullopt: no table of ampload's.
Result<std::optional<TableRecord>> ReadTable(Connection& connection, const std::string& table,
                                             const CallContext& context);
Result<std::vector<std::string>> ReadTableNames(Connection& connection,
                                                const CallContext& context);  // sorted
Result<std::vector<Checkpoint>> ReadCheckpoints(Connection& connection, const std::string& table,
                                                const CallContext& context);
Result<std::vector<OpenLoad>> ReadLoads(Connection& connection, const std::string& table,
                                        const CallContext& context);
// As the rows' hash has it; of a table that is one key, from that key.
Result<int64_t> CountRows(Connection& connection, const std::string& table,
                          const TableRecord& record, const CallContext& context);

Status AddTable(const std::string& table, const TableRecord& record, CommandBuffer* commands);
void AddCheckpoint(const Checkpoint& checkpoint, CommandBuffer* commands);
void AddLoad(const std::string& table, const OpenLoad& load, CommandBuffer* commands);

// The text in front of the first column of a pattern, `{table}` replaced: what all keys of the
// table begin with. Without a pattern "<table>:".
std::string KeyPrefixOf(const std::string& table, const std::string& key_pattern);
// The same as a pattern for SCAN MATCH: literals escaped, a column is "*".
std::string KeyGlobOf(const std::string& table, const std::string& key_pattern);

}  // namespace ampload::redis
