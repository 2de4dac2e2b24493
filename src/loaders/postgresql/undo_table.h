// What upserts and merges of streams replaced: the table `ampload_undo` in the schema of the tables
// that it is about. A record a key and batch; it goes when its batch can no longer be undone.
//
//   table_name, pipeline, batch   whose
//   key_hash bigint, key text     which row: JSON object of the key's values as texts
//   kind "char"                   r: replaced whole, c: columns changed, d: deleted
//   previous, change text         JSON objects of texts, see stream/undo_records.h; null: absent
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ampload/batch_id.h"
#include "ampload/status.h"
#include "loaders/postgresql/connection.h"
#include "loaders/postgresql/names.h"
#include "loaders/postgresql/pg_table.h"
#include "stream/undo_records.h"

namespace ampload::postgresql {

inline constexpr char kUndoTable[] = "ampload_undo";

// Every call is part of the transaction at hand.
class UndoTable {
 public:
  UndoTable(Connection& connection, const TableName& table)
      : connection_(connection), table_(table), name_{table.schema, kUndoTable} {}

  const TableName& name() const { return name_; }
  Status Create(const CallContext& context);  // where it is missing
  Result<bool> Exists(const CallContext& context);

  // Rows of `table` become what they would be without these batches (stream::TakeBack). Some
  // thousand keys at a time.
  Status TakeBack(const PgTable& table, const BatchIdSet& batches, const CallContext& context);

  // Of batches that are not in `undoable` nobody needs the records, as stream::DropFinal says.
  Status ForgetFinal(const BatchIdSet& undoable, const CallContext& context);
  Status ForgetAll(const CallContext& context);

 private:
  // Of some keys: all that batches did to them.
  struct Histories {
    std::map<std::string, stream::KeyHistory> by_key;  // key as JSON
    std::string pipeline;
  };

  Result<Histories> ReadHistories(const PgTable& table, const std::vector<std::string>& keys,
                                  const BatchIdSet& batches, const std::string& after,
                                  const CallContext& context);
  Status ReplaceRecords(const Histories& histories, const CallContext& context);
  Status WriteBack(const PgTable& table, const std::vector<std::string>& keys,
                   const std::vector<std::string>& absent_keys,
                   const std::vector<std::string>& images, const CallContext& context);
  Result<std::vector<std::string>> KeyColumns(const PgTable& table, const CallContext& context);

  Connection& connection_;
  TableName table_;
  TableName name_;
};

}  // namespace ampload::postgresql
