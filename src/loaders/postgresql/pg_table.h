// A table as the server's catalogs describe it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "encode/pg/pg_type.h"
#include "loaders/postgresql/connection.h"
#include "loaders/postgresql/names.h"

namespace ampload::postgresql {

struct TableColumn {
  std::string name;
  encode::pg::PgType type;
  bool not_null = false;
  bool generated = false;  // GENERATED ALWAYS AS (...) STORED, or an identity that is ALWAYS:
                           // cannot be loaded into
  bool has_default = false;
  std::string comment;
};

// A unique index without expressions or predicate, that an ON CONFLICT can name.
struct UniqueKey {
  std::string name;
  std::vector<std::string> columns;
  bool primary = false;
};

struct PgTable {
  TableName name;
  uint32_t oid = 0;
  char kind = 'r';  // pg_class.relkind: r table, p partitioned, v view, m materialised, f foreign
  bool unlogged = false;
  std::vector<TableColumn> columns;  // in their order, dropped ones left out
  std::vector<UniqueKey> unique_keys;
  std::string comment;

  const TableColumn* Find(const std::string& column) const;
  // The unique key over exactly these columns, in any order.
  const UniqueKey* KeyOver(const std::vector<std::string>& key_columns) const;
};

// nullopt: there is no such relation (or no such schema).
Result<std::optional<PgTable>> DescribeTable(Connection& connection, const TableName& name,
                                             const CallContext& context);

// A text that is another one once the relation, or the name or type of one of its columns, is
// another. Empty: there is none.
Result<std::string> ShapeOf(Connection& connection, const TableName& name,
                            const CallContext& context);

}  // namespace ampload::postgresql
