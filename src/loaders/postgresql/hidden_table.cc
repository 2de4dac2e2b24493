#include "loaders/postgresql/hidden_table.h"

#include <algorithm>

namespace ampload::postgresql {
namespace {

constexpr std::string_view kMark = "ampload: being filled for ";

std::string MarkFor(const TableName& table) { return std::string(kMark) + table.sql() + " by "; }

}  // namespace

TableName HiddenNameFor(const TableName& table, const std::string& nonce) {
  return {table.schema, std::string(kHiddenPrefix) + nonce};
}

Result<std::string> DropDeadTables(Connection& connection, const TableName& table,
                                   const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection.Query(
          "SELECT c.relname, d.description FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace "
          "n ON n.oid = c.relnamespace JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND "
          "d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = 0 WHERE "
          "n.nspname = $1 AND c.relkind IN ('r', 'p') AND pg_catalog.starts_with(c.relname, $2) "
          "AND pg_catalog.starts_with(d.description, $3)",
          {table.schema, kHiddenPrefix, MarkFor(table)}, context));
  std::string dropped;
  for (int row = 0; row < rows.size(); ++row) {
    const TableName hidden{table.schema, std::string(rows.text(row, 0))};
    const std::string owner(rows.text(row, 1).substr(MarkFor(table).size()));
    const auto backend = BackendHandle::Parse(owner);
    if (!backend.has_value()) continue;
    ARROW_ASSIGN_OR_RAISE(const bool alive, IsAlive(connection, *backend, context));
    if (alive) continue;
    ARROW_RETURN_NOT_OK(connection.Run("DROP TABLE IF EXISTS " + hidden.sql(), context));
    dropped +=
        (dropped.empty() ? "" : "; ") + ("what a load had filled aside was dropped: " + owner);
  }
  return dropped;
}

Status CheckReplaceable(Connection& connection, const PgTable& table, const CallContext& context) {
  const std::string oid = std::to_string(table.oid);
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection.Query(
          "SELECT 'a view: ' || r.ev_class::pg_catalog.regclass::text FROM pg_catalog.pg_depend d "
          "JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid AND d.classid = "
          "'pg_catalog.pg_rewrite'::pg_catalog.regclass WHERE d.refobjid = $1::oid AND "
          "d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass "
          "UNION ALL SELECT 'a foreign key: ' || conname FROM pg_catalog.pg_constraint WHERE "
          "contype "
          "= 'f' AND (conrelid = $1::oid OR confrelid = $1::oid) "
          "UNION ALL SELECT 'a trigger: ' || tgname FROM pg_catalog.pg_trigger WHERE tgrelid = "
          "$1::oid AND NOT tgisinternal "
          "UNION ALL SELECT 'a policy: ' || polname FROM pg_catalog.pg_policy WHERE polrelid = "
          "$1::oid "
          "UNION ALL SELECT 'a child or parent table' FROM pg_catalog.pg_inherits WHERE inhrelid = "
          "$1::oid OR inhparent = $1::oid "
          "UNION ALL SELECT 'a publication' FROM pg_catalog.pg_publication_rel WHERE prrelid = "
          "$1::oid LIMIT 1",
          {oid}, context));
  if (rows.empty() && table.kind == 'r') return Status::OK();
  return ConfigurationError(
      "postgresql: something hangs on the table that replacing it would lose; overwrite it without "
      "--parallel: table=" +
      table.name.text() + " what=" +
      (rows.empty() ? std::string("a partitioned table") : std::string(rows.text(0, 0))));
}

Status MakeLike(Connection& connection, const TableName& hidden, const PgTable& table,
                const CallContext& context) {
  return connection.Run("CREATE " + std::string(table.unlogged ? "UNLOGGED " : "") + "TABLE " +
                            hidden.sql() + " (LIKE " + table.name.sql() + " INCLUDING ALL)",
                        context);
}

Status MarkHidden(Connection& connection, const TableName& hidden, const TableName& table,
                  const BackendHandle& owner, const CallContext& context) {
  return connection.Run(
      "COMMENT ON TABLE " + hidden.sql() + " IS " + Literal(MarkFor(table) + owner.ToText()),
      context);
}

namespace {

// Statements that give `hidden` what `old` has: owner, rights. Read while both are there.
Result<std::vector<std::string>> Inheritance(Connection& connection, const TableName& hidden,
                                             const PgTable& old, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection.Query(
          "SELECT 'ALTER TABLE ' || $2 || ' OWNER TO ' || pg_catalog.quote_ident(o.rolname) FROM "
          "pg_catalog.pg_class c JOIN pg_catalog.pg_roles o ON o.oid = c.relowner WHERE c.oid = "
          "$1::oid AND o.rolname <> current_user "
          "UNION ALL SELECT 'GRANT ' || a.privilege_type || ' ON ' || $2 || ' TO ' || CASE WHEN "
          "a.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(r.rolname) END || CASE WHEN "
          "a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END FROM pg_catalog.pg_class c CROSS "
          "JOIN LATERAL pg_catalog.aclexplode(c.relacl) a LEFT JOIN pg_catalog.pg_roles r ON r.oid "
          "= a.grantee WHERE c.oid = $1::oid AND a.grantee <> c.relowner",
          {std::to_string(old.oid), hidden.sql()}, context));
  std::vector<std::string> statements;
  for (int row = 0; row < rows.size(); ++row) statements.emplace_back(rows.text(row, 0));
  return statements;
}

struct IndexName {
  std::string definition;  // without names
  std::string name;
};

Result<std::vector<IndexName>> IndexesOf(Connection& connection, const TableName& table,
                                         const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection.Query(
          "SELECT pg_catalog.regexp_replace(pg_catalog.pg_get_indexdef(i.indexrelid), '^.* USING "
          "', ''), i.indisunique::text || i.indisprimary::text, c.relname FROM "
          "pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE "
          "i.indrelid = pg_catalog.to_regclass($1) ORDER BY 1, 2, 3",
          {table.sql()}, context));
  std::vector<IndexName> indexes;
  for (int row = 0; row < rows.size(); ++row) {
    indexes.push_back({std::string(rows.text(row, 0)) + std::string(rows.text(row, 1)),
                       std::string(rows.text(row, 2))});
  }
  return indexes;
}

}  // namespace

Status PutInPlace(Connection& connection, const TableName& hidden, const TableName& table,
                  const PgTable* old, const std::string& comment, const CallContext& context) {
  std::vector<std::string> statements;
  std::string its_comment = comment;
  if (old != nullptr) {
    ARROW_RETURN_NOT_OK(
        connection.Run("LOCK TABLE " + table.sql() + " IN ACCESS EXCLUSIVE MODE", context));
    ARROW_ASSIGN_OR_RAISE(const auto now, connection.Query("SELECT pg_catalog.to_regclass($1)::oid",
                                                           {table.sql()}, context));
    if (now.integer(0, 0) != static_cast<int64_t>(old->oid)) {
      return ConflictError("postgresql: another load has replaced the table: table=" +
                           table.text());
    }
    ARROW_RETURN_NOT_OK(CheckReplaceable(connection, *old, context));
    ARROW_ASSIGN_OR_RAISE(statements, Inheritance(connection, hidden, *old, context));
    ARROW_ASSIGN_OR_RAISE(const auto old_indexes, IndexesOf(connection, table, context));
    ARROW_ASSIGN_OR_RAISE(const auto new_indexes, IndexesOf(connection, hidden, context));
    statements.push_back("DROP TABLE " + table.sql());
    for (size_t i = 0; i < std::min(old_indexes.size(), new_indexes.size()); ++i) {
      if (old_indexes[i].definition != new_indexes[i].definition) continue;
      statements.push_back("ALTER INDEX " + TableName{table.schema, new_indexes[i].name}.sql() +
                           " RENAME TO " + Quoted(old_indexes[i].name));
    }
    its_comment = old->comment;
  }
  statements.push_back("ALTER TABLE " + hidden.sql() + " RENAME TO " + Quoted(table.name));
  statements.push_back("COMMENT ON TABLE " + table.sql() + " IS " +
                       (its_comment.empty() ? "NULL" : Literal(its_comment)));
  for (const auto& statement : statements) ARROW_RETURN_NOT_OK(connection.Run(statement, context));
  return Status::OK();
}

}  // namespace ampload::postgresql
