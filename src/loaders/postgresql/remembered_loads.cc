#include "loaders/postgresql/remembered_loads.h"

namespace ampload::postgresql {
namespace {

TableName LoadsBeside(const TableName& table) { return {table.schema, kLoadTable}; }

Result<bool> Exists(Connection& connection, const TableName& table, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection.Query("SELECT pg_catalog.to_regclass($1) IS NOT NULL", {table.sql()}, context));
  return rows.boolean(0, 0);
}

}  // namespace

Result<std::vector<std::string>> ReadRememberedLoads(Connection& connection, const TableName& table,
                                                     const CallContext& context) {
  std::vector<std::string> ids;
  const TableName loads = LoadsBeside(table);
  ARROW_ASSIGN_OR_RAISE(const bool known, Exists(connection, loads, context));
  if (!known) return ids;
  ARROW_ASSIGN_OR_RAISE(const auto rows, connection.Query("SELECT load_id FROM " + loads.sql() +
                                                              " WHERE table_name = $1 ORDER BY id",
                                                          {table.name}, context));
  for (int row = 0; row < rows.size(); ++row) ids.emplace_back(rows.text(row, 0));
  return ids;
}

Status RememberLoadId(Connection& connection, const TableName& table, const std::string& load_id,
                      const CallContext& context) {
  const TableName loads = LoadsBeside(table);
  ARROW_ASSIGN_OR_RAISE(const bool known, Exists(connection, loads, context));
  if (!known) {
    ARROW_RETURN_NOT_OK(connection.Run(
        "CREATE TABLE IF NOT EXISTS " + loads.sql() +
            " (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, table_name text NOT NULL, "
            "load_id text NOT NULL); COMMENT ON TABLE " +
            loads.sql() + " IS 'ampload: loads that left something beside the store'",
        context));
  }
  ARROW_RETURN_NOT_OK(
      connection
          .Query("INSERT INTO " + loads.sql() + " (table_name, load_id) VALUES ($1, $2)",
                 {table.name, load_id}, context)
          .status());
  return connection
      .Query("DELETE FROM " + loads.sql() + " WHERE table_name = $1 AND id <= (SELECT id FROM " +
                 loads.sql() + " WHERE table_name = $1 ORDER BY id DESC OFFSET " +
                 std::to_string(kRememberedLoads) + " LIMIT 1)",
             {table.name}, context)
      .status();
}

}  // namespace ampload::postgresql
