#include "loaders/postgresql/checkpoint_table.h"

#include <utility>

#include "ampload/checkpoint_json.h"
#include "ampload/fault_point.h"

namespace ampload::postgresql {
namespace {

// The fence's columns over what the JSON says: they are what commits compare.
Result<Checkpoint> FromRow(const QueryRows& rows, int row) {
  ARROW_ASSIGN_OR_RAISE(auto checkpoint, CheckpointFromJson(rows.text(row, 0)));
  checkpoint.owner = std::string(rows.text(row, 1));
  checkpoint.epoch.value = rows.integer(row, 2);
  checkpoint.sequence = rows.integer(row, 3);
  checkpoint.slot = rows.integer(row, 4);
  return checkpoint;
}

constexpr char kColumns[] = "checkpoint::text, owner, epoch, sequence, slot";

}  // namespace

Result<bool> CheckpointTable::Exists(const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection_.Query("SELECT pg_catalog.to_regclass($1) IS NOT NULL", {name_.sql()}, context));
  return rows.boolean(0, 0);
}

Status CheckpointTable::Create(const CallContext& context) {
  return connection_.Run(
      "CREATE TABLE IF NOT EXISTS " + name_.sql() +
          " (table_name text NOT NULL, pipeline text NOT NULL, checkpoint jsonb NOT NULL, owner "
          "text NOT NULL, epoch bigint NOT NULL, sequence bigint NOT NULL, slot integer NOT NULL, "
          "alone "
          "boolean NOT NULL DEFAULT false, "
          "PRIMARY KEY (table_name, pipeline), UNIQUE (table_name, slot)) WITH (fillfactor = 50); "
          "COMMENT ON TABLE " +
          name_.sql() +
          " IS 'ampload: how far each pipeline has loaded each table of this schema. It moves with "
          "the rows; do not change it by hand.'",
      context);
}

Result<std::vector<Checkpoint>> CheckpointTable::ReadAll(const std::string& table,
                                                         const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection_.Query("SELECT " + std::string(kColumns) + " FROM " + name_.sql() +
                            " WHERE table_name = $1 ORDER BY pipeline COLLATE \"C\"",
                        {table}, context));
  std::vector<Checkpoint> checkpoints;
  for (int row = 0; row < rows.size(); ++row) {
    ARROW_ASSIGN_OR_RAISE(auto one, FromRow(rows, row));
    checkpoints.push_back(std::move(one));
  }
  return checkpoints;
}

Result<std::optional<Checkpoint>> CheckpointTable::Read(const std::string& table,
                                                        const std::string& pipeline, bool lock,
                                                        const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection_.Query("SELECT " + std::string(kColumns) + " FROM " + name_.sql() +
                            " WHERE table_name = $1 AND pipeline = $2" +
                            (lock ? " FOR UPDATE" : ""),
                        {table, pipeline}, context));
  if (rows.empty()) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(auto checkpoint, FromRow(rows, 0));
  return checkpoint;
}

Result<std::string> CheckpointTable::Alone(const std::string& table, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto rows,
                        connection_.Query("SELECT pipeline FROM " + name_.sql() +
                                              " WHERE table_name = $1 AND alone LIMIT 1",
                                          {table}, context));
  return rows.empty() ? std::string() : std::string(rows.text(0, 0));
}

Status CheckpointTable::Insert(const Checkpoint& checkpoint, bool alone,
                               const CallContext& context) {
  return connection_
      .Query("INSERT INTO " + name_.sql() +
                 " (table_name, pipeline, checkpoint, owner, epoch, sequence, slot, alone) VALUES "
                 "($1, $2, $3::jsonb, $4, $5::bigint, $6::bigint, $7::integer, $8::boolean)",
             {checkpoint.table, checkpoint.pipeline, ToJson(checkpoint), checkpoint.owner,
              std::to_string(checkpoint.epoch.value), std::to_string(checkpoint.sequence),
              std::to_string(checkpoint.slot), alone ? "true" : "false"},
             context)
      .status();
}

Status CheckpointTable::Overwrite(const Checkpoint& checkpoint, bool alone,
                                  const CallContext& context) {
  return connection_
      .Query("UPDATE " + name_.sql() +
                 " SET checkpoint = $3::jsonb, owner = $4, epoch = $5::bigint, sequence = "
                 "$6::bigint, alone = $7::boolean WHERE table_name = $1 AND pipeline = $2",
             {checkpoint.table, checkpoint.pipeline, ToJson(checkpoint), checkpoint.owner,
              std::to_string(checkpoint.epoch.value), std::to_string(checkpoint.sequence),
              alone ? "true" : "false"},
             context)
      .status();
}

Result<bool> CheckpointTable::Advance(const Checkpoint& before, const Checkpoint& next,
                                      const CallContext& context) {
  std::string sql = "UPDATE " + name_.sql() +
                    " SET checkpoint = $3::jsonb, sequence = $4::bigint WHERE table_name = $1 AND "
                    "pipeline = $2";
  // Each parameter is named whether or not it is compared, so that it has a type.
  sql += AMPLOAD_SAFEGUARD("fence") ? " AND owner = $5 AND epoch = $6::bigint"
                                    : " AND $5 <> '' AND $6::bigint >= 0";
  sql +=
      AMPLOAD_SAFEGUARD("sequence_check") ? " AND sequence = $7::bigint" : " AND $7::bigint >= 0";
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection_.Query(
          sql,
          {next.table, next.pipeline, ToJson(next), std::to_string(next.sequence), before.owner,
           std::to_string(before.epoch.value), std::to_string(before.sequence)},
          context));
  return rows.affected() == 1;
}

Status CheckpointTable::RemoveOthers(const std::string& table, const std::string& kept,
                                     const CallContext& context) {
  return connection_
      .Query("DELETE FROM " + name_.sql() + " WHERE table_name = $1 AND pipeline <> $2",
             {table, kept}, context)
      .status();
}

}  // namespace ampload::postgresql
