#include "loaders/postgresql/pg_table.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

namespace ampload::postgresql {
namespace {

using encode::pg::BuiltInType;
using encode::pg::PgKind;
using encode::pg::PgType;

// One row a column, one row at all where the relation has none. A domain stands for its base type,
// as COPY sends it; its innermost typmod is the one that counts. An array's elements have the
// array's own typmod, and are followed through domains, too.
constexpr char kColumns[] = R"sql(
WITH RECURSIVE relation AS (
  SELECT c.oid, c.relkind, c.relpersistence
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
), attribute AS (
  SELECT a.* FROM pg_catalog.pg_attribute a JOIN relation r ON a.attrelid = r.oid
  WHERE a.attnum > 0 AND NOT a.attisdropped
), base(attnum, type, typmod, not_null) AS (
  SELECT a.attnum, a.atttypid, a.atttypmod, a.attnotnull FROM attribute a
  UNION ALL
  SELECT b.attnum, t.typbasetype, t.typtypmod, b.not_null OR t.typnotnull
  FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.type WHERE t.typtype = 'd'
), leaf AS (
  SELECT b.attnum, b.typmod, b.not_null, t.oid, t.typname, t.typtype, e.oid AS element
  FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.type AND t.typtype <> 'd'
  LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
), inner_base(attnum, type, typmod) AS (
  SELECT l.attnum, l.element, l.typmod FROM leaf l WHERE l.element IS NOT NULL
  UNION ALL
  SELECT b.attnum, t.typbasetype, t.typtypmod
  FROM inner_base b JOIN pg_catalog.pg_type t ON t.oid = b.type WHERE t.typtype = 'd'
), inner_leaf AS (
  SELECT b.attnum, b.typmod, t.oid, t.typname, t.typtype
  FROM inner_base b JOIN pg_catalog.pg_type t ON t.oid = b.type AND t.typtype <> 'd'
)
SELECT r.oid, r.relkind, r.relpersistence = 'u', pg_catalog.obj_description(r.oid, 'pg_class'),
  a.attname, l.oid, l.typmod, pg_catalog.format_type(l.oid, l.typmod), l.typname, l.typtype,
  l.not_null, a.attgenerated <> '' OR a.attidentity = 'a', a.atthasdef OR a.attidentity <> '',
  pg_catalog.col_description(r.oid, a.attnum), l.element, i.oid, i.typmod,
  pg_catalog.format_type(i.oid, i.typmod), i.typname, i.typtype
FROM relation r LEFT JOIN attribute a ON true
LEFT JOIN leaf l ON l.attnum = a.attnum LEFT JOIN inner_leaf i ON i.attnum = a.attnum
ORDER BY a.attnum
)sql";

// One row a column of each unique index that ON CONFLICT may name: whole, over columns alone,
// valid, and looked at row by row.
constexpr char kUniqueKeys[] = R"sql(
SELECT c.relname, i.indisprimary, a.attname
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[])
  WITH ORDINALITY AS k(attnum, place)
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = $1::pg_catalog.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
  AND i.indpred IS NULL AND i.indexprs IS NULL AND k.place <= i.indnkeyatts
ORDER BY i.indisprimary DESC, c.relname, k.place
)sql";

// The columns of kColumns.
enum Place {
  kOid,
  kRelkind,
  kUnlogged,
  kTableComment,
  kName,
  kTypeOid,
  kTypmod,
  kTypeName,
  kPlainName,
  kTypType,
  kNotNull,
  kGenerated,
  kHasDefault,
  kComment,
  kElementOid,
  kInnerOid,
  kInnerTypmod,
  kInnerName,
  kInnerPlainName,
  kInnerTypType,
};

// What the server has in five columns of a row about a type that is no array.
PgType ScalarAt(const QueryRows& rows, int row, int first) {
  const std::string_view plain_name = rows.text(row, first + 3);
  const bool is_enum = rows.text(row, first + 4) == "e";
  auto type = BuiltInType(static_cast<uint32_t>(rows.integer(row, first)),
                          static_cast<int32_t>(rows.integer(row, first + 1)),
                          rows.value(row, first + 2).value_or(""));
  // Both are sent as text; an extension's type has no number of its own to know it by.
  if (type.kind == PgKind::kOther && (is_enum || plain_name == "citext")) type.kind = PgKind::kText;
  return type;
}

PgType TypeAt(const QueryRows& rows, int row) {
  PgType type = ScalarAt(rows, row, kTypeOid);
  if (rows.is_null(row, kElementOid) || rows.is_null(row, kInnerOid)) return type;
  auto element = ScalarAt(rows, row, kInnerOid);
  // An array says which type its elements have: of a domain, the domain.
  element.oid = static_cast<uint32_t>(rows.integer(row, kElementOid));
  const bool loadable = element.kind != PgKind::kOther && element.kind != PgKind::kArray;
  type.kind = loadable ? PgKind::kArray : PgKind::kOther;
  type.element = loadable ? std::make_shared<const PgType>(std::move(element)) : nullptr;
  return type;
}

TableColumn ColumnAt(const QueryRows& rows, int row) {
  TableColumn column;
  column.name = rows.value(row, kName).value_or("");
  column.type = TypeAt(rows, row);
  column.not_null = rows.boolean(row, kNotNull);
  column.generated = rows.boolean(row, kGenerated);
  column.has_default = rows.boolean(row, kHasDefault);
  column.comment = rows.value(row, kComment).value_or("");
  return column;
}

Result<std::vector<UniqueKey>> ReadUniqueKeys(Connection& connection, uint32_t oid,
                                              const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto rows,
                        connection.Query(kUniqueKeys, {std::to_string(oid)}, context));
  std::vector<UniqueKey> keys;
  for (int row = 0; row < rows.size(); ++row) {
    const std::string name(rows.text(row, 0));
    if (keys.empty() || keys.back().name != name) {
      keys.push_back({.name = name, .columns = {}, .primary = rows.boolean(row, 1)});
    }
    keys.back().columns.emplace_back(rows.text(row, 2));
  }
  return keys;
}

}  // namespace

const TableColumn* PgTable::Find(const std::string& column) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const auto& candidate) { return candidate.name == column; });
  return found == columns.end() ? nullptr : &*found;
}

const UniqueKey* PgTable::KeyOver(const std::vector<std::string>& key_columns) const {
  const std::set<std::string> wanted(key_columns.begin(), key_columns.end());
  const auto found = std::find_if(unique_keys.begin(), unique_keys.end(), [&](const auto& key) {
    return std::set<std::string>(key.columns.begin(), key.columns.end()) == wanted;
  });
  return found == unique_keys.end() ? nullptr : &*found;
}

Result<std::optional<PgTable>> DescribeTable(Connection& connection, const TableName& name,
                                             const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto rows,
                        connection.Query(kColumns, {name.schema, name.name}, context));
  if (rows.empty()) return std::nullopt;
  PgTable table;
  table.name = name;
  table.oid = static_cast<uint32_t>(rows.integer(0, kOid));
  table.kind = rows.text(0, kRelkind).front();
  table.unlogged = rows.boolean(0, kUnlogged);
  table.comment = rows.value(0, kTableComment).value_or("");
  for (int row = 0; row < rows.size(); ++row) {
    if (!rows.is_null(row, kName)) table.columns.push_back(ColumnAt(rows, row));
  }
  ARROW_ASSIGN_OR_RAISE(table.unique_keys, ReadUniqueKeys(connection, table.oid, context));
  return table;
}

Result<std::string> ShapeOf(Connection& connection, const TableName& name,
                            const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection.Query(
          "SELECT c.oid || ' ' || pg_catalog.string_agg(pg_catalog.concat_ws(' ', "
          "pg_catalog.quote_ident(a.attname), a.atttypid, a.atttypmod, a.attgenerated, "
          "a.attidentity), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_class c JOIN "
          "pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON "
          "a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE n.nspname = $1 AND "
          "c.relname = $2 GROUP BY c.oid",
          {name.schema, name.name}, context));
  return rows.empty() ? std::string() : std::string(rows.text(0, 0));
}

}  // namespace ampload::postgresql
