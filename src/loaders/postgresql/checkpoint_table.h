// Where the checkpoints are: the table `ampload_checkpoints` in the schema of the tables that it is
// about, one row a table and pipeline. Every call is one statement in whatever transaction is open.
//
//   table_name text, pipeline text   the key
//   checkpoint jsonb                 the whole of it (ampload/checkpoint_json.h)
//   owner, epoch, sequence           the fence: compared by each commit, never read from the JSON
//   slot integer                     UNIQUE with table_name: no two pipelines have the same
//   alone boolean                    an upsert or merge stream, which has its table for itself
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ampload/checkpoint.h"
#include "ampload/status.h"
#include "loaders/postgresql/connection.h"
#include "loaders/postgresql/names.h"

namespace ampload::postgresql {

inline constexpr char kCheckpointTable[] = "ampload_checkpoints";

class CheckpointTable {
 public:
  CheckpointTable(Connection& connection, std::string schema)
      : connection_(connection), name_{std::move(schema), kCheckpointTable} {}

  const TableName& name() const { return name_; }

  Result<bool> Exists(const CallContext& context);
  Status Create(const CallContext& context);  // where it is missing

  // The table must exist for what follows. Every pipeline of that table, in the order of names.
  Result<std::vector<Checkpoint>> ReadAll(const std::string& table, const CallContext& context);
  // The pipeline's own; with `lock` nobody else changes it until the transaction ends, and this
  // waits for whoever does so now.
  Result<std::optional<Checkpoint>> Read(const std::string& table, const std::string& pipeline,
                                         bool lock, const CallContext& context);

  // The pipeline that has the table for itself; empty: none.
  Result<std::string> Alone(const std::string& table, const CallContext& context);

  Status Insert(const Checkpoint& checkpoint, bool alone, const CallContext& context);
  // Unconditional: for a take-over, which holds the row.
  Status Overwrite(const Checkpoint& checkpoint, bool alone, const CallContext& context);
  // The compare-and-set of a commit: takes effect where owner, epoch and sequence are those of
  // `before`. False: they are not.
  Result<bool> Advance(const Checkpoint& before, const Checkpoint& next,
                       const CallContext& context);
  // Of every pipeline but `kept`.
  Status RemoveOthers(const std::string& table, const std::string& kept,
                      const CallContext& context);

 private:
  Connection& connection_;
  TableName name_;
};

}  // namespace ampload::postgresql
