#include "loaders/postgresql/check.h"

#include "loaders/postgresql/names.h"
#include "loaders/postgresql/own_tables.h"

namespace ampload::postgresql {
namespace {

constexpr int kOldestVersion = 130000;
constexpr int kMajor = 10000;

CheckLine SchemaLine(const QueryRows& rights, const PostgreSQLConfig& config) {
  const std::string schema = Quoted(config.schema);
  if (rights.is_null(0, 0)) {
    return {"may create tables", false,
            "there is no such schema: CREATE SCHEMA " + schema + ", or give the option schema"};
  }
  if (!rights.boolean(0, 0) || !rights.boolean(0, 1)) {
    return {"may create tables", false,
            "no right to: GRANT USAGE, CREATE ON SCHEMA " + schema + " TO " +
                Quoted(rights.text(0, 2))};
  }
  return {"may create tables", true, "in schema " + config.schema};
}

CheckLine WriteLine(const QueryRows& rights) {
  if (rights.boolean(0, 4)) {
    return {"may write", false, "the server is a standby: give the primary's address"};
  }
  if (rights.boolean(0, 5)) {
    return {"may write", false,
            "transactions are read only here: look at default_transaction_read_only"};
  }
  return {"may write", true, "yes"};
}

// Tables of ampload's that somebody else made.
Result<std::optional<CheckLine>> OwnTablesLine(Connection& connection,
                                               const PostgreSQLConfig& config,
                                               const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection.Query("SELECT c.relname FROM pg_catalog.pg_class c"
                       " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                       " WHERE n.nspname = $1 AND c.relname IN ($2, $3, $4) AND NOT"
                       " (pg_catalog.has_table_privilege(c.oid, 'SELECT')"
                       " AND pg_catalog.has_table_privilege(c.oid, 'INSERT')"
                       " AND pg_catalog.has_table_privilege(c.oid, 'UPDATE')"
                       " AND pg_catalog.has_table_privilege(c.oid, 'DELETE'))"
                       " ORDER BY c.relname",
                       {config.schema, kCheckpointTable, kLoadTable, kUndoTable}, context));
  if (rows.empty()) return std::nullopt;
  std::string names;
  for (int row = 0; row < rows.size(); ++row) {
    names += (names.empty() ? "" : ", ") + TableName{config.schema, *rows.value(row, 0)}.sql();
  }
  return CheckLine{"may keep checkpoints", false,
                   "no right to: GRANT SELECT, INSERT, UPDATE, DELETE ON " + names + " TO " +
                       Quoted(connection.user())};
}

}  // namespace

std::string VersionText(int server_version) {
  return std::to_string(server_version / kMajor) + "." + std::to_string(server_version % kMajor);
}

Status CheckVersion(const Connection& connection) {
  if (connection.server_version() >= kOldestVersion) return Status::OK();
  return ConfigurationError(
      "postgresql: the server is too old, ampload needs PostgreSQL 13 or "
      "later: server=" +
      connection.host() + " version=" + VersionText(connection.server_version()));
}

Result<std::vector<CheckLine>> CheckServer(Connection& connection, const PostgreSQLConfig& config,
                                           const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rights,
      connection.Query(
          "SELECT (SELECT pg_catalog.has_schema_privilege(n.oid, 'CREATE')"
          "  FROM pg_catalog.pg_namespace n WHERE n.nspname = $1),"
          " (SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
          "  FROM pg_catalog.pg_namespace n WHERE n.nspname = $1),"
          " current_user,"
          " pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY'),"
          " pg_catalog.pg_is_in_recovery(),"
          " pg_catalog.current_setting('transaction_read_only') = 'on',"
          " pg_catalog.current_database(), pg_catalog.pg_backend_pid()",
          {config.schema}, context));
  std::vector<CheckLine> lines;
  const int version = connection.server_version();
  lines.push_back(
      {"reachable", true, "database " + connection.database() + " at " + connection.host()});
  lines.push_back({"version", version >= kOldestVersion, "PostgreSQL " + VersionText(version)});
  lines.push_back({"user", true, std::string(rights.text(0, 2))});
  lines.push_back({"TLS", true, connection.encrypted() ? "yes" : "no"});
  // A pooler tells its clients a process number of its own making.
  if (rights.integer(0, 7) != connection.backend_pid()) {
    lines.push_back({"pooler", true, "yes: sessions are not the server's own"});
  }
  lines.push_back(SchemaLine(rights, config));
  lines.push_back(WriteLine(rights));
  if (!rights.boolean(0, 3)) {
    lines.push_back({"may upsert and merge", false,
                     "no right to temporary tables: GRANT TEMPORARY ON DATABASE " +
                         Quoted(rights.text(0, 6)) + " TO " + Quoted(rights.text(0, 2))});
  }
  ARROW_ASSIGN_OR_RAISE(auto own, OwnTablesLine(connection, config, context));
  if (own.has_value()) lines.push_back(std::move(*own));
  return lines;
}

}  // namespace ampload::postgresql
