// The statements that make a table and change it. Pure.
#pragma once

#include <arrow/type.h>

#include <map>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "ampload/table.h"
#include "encode/pg/pg_type.h"
#include "loaders/postgresql/names.h"
#include "loaders/postgresql/pg_table.h"
#include "loaders/postgresql/postgresql_config.h"

namespace ampload::postgresql {

// What a load makes where the table is missing.
struct NewTable {
  TableName name;
  std::vector<encode::pg::PgColumn> columns;
  std::vector<std::string> primary_key;         // empty: none
  std::map<std::string, std::string> comments;  // by column
  std::string comment;                          // of the table; may be empty
};

// The table for rows of these columns (StoredSchema: without `_op`): types by the matrix, NOT NULL
// where the field says so and on the key, PRIMARY KEY from the keys of an upsert or merge, comments
// from the field's metadata "comment" and for what the column's type does not say. A data error for
// a column that has no type or whose name the server would cut; a configuration error where
// partition_by cannot be: its column is missing, no integer, or not part of the key.
Result<NewTable> TableFor(const TableSpec& spec, const TableName& name, const arrow::Schema& stored,
                          const PostgreSQLConfig& config);

// CREATE TABLE and what follows it: comments, and for a stream the index that finds rows by
// `_amp_batch_id` (BRIN with int8_minmax_multi_ops from 14 on, a btree on 13). `config` has
// unlogged, tablespace, partition_by. Each a whole statement without ";".
std::vector<std::string> CreateStatements(const NewTable& table, const PostgreSQLConfig& config,
                                          bool streaming, int server_version);

// The index alone, for a stream into a table that is there; empty where one serves already is the
// caller's matter.
std::string BatchIndexStatement(const TableName& table, int server_version);

// ALTER TABLE for these changes, in one statement, and comments as TableFor makes them, ";" between
// them; a comment that somebody else gave a column stays. Empty: nothing to do.
Result<std::string> EvolveStatement(const PgTable& table, const SchemaChange& change);

// The option after_load with the table's name in it; empty: nothing to run.
std::string AfterLoadStatements(const TableName& table, const PostgreSQLConfig& config);

}  // namespace ampload::postgresql
