// What ampload itself keeps in an environment, in the named database `__ampload__`.
//
//   table/<table>                       JSON: version, uuid, key, value_format, last_load,
//   remembered schema/<table>                      the Arrow schema, as an IPC message
//   checkpoint/<table> NUL <pipeline>   JSON, see Checkpoint
//   load/<table> NUL <nonce>            JSON: an open load
//   alone/<table>                       JSON: the pipeline that has the table for itself
//
// and beside it `__ampload__/undo` (undo_log.h), and of loads that are not committed yet
// `__ampload__/new/<nonce>` (the rows of an overwrite) and `__ampload__/order/<nonce>` (the order
// values of an upsert's or merge's rows, by key). Pure codecs and reads and writes inside a
// transaction; nothing here commits.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/checkpoint.h"
#include "ampload/status.h"
#include "encode/row_format_encoder.h"
#include "loaders/lmdb/environment.h"

namespace ampload::lmdb {

inline constexpr char kCatalogName[] = "__ampload__";

// How a row's key is made. At most one of the two is set; neither: the row number, 8 bytes,
// big-endian.
struct KeyDefinition {
  std::vector<std::string> columns;
  std::string pattern;

  bool is_row_number() const { return columns.empty() && pattern.empty(); }
  std::string ToString() const;  // for people: "block_num, tx_index"
  friend bool operator==(const KeyDefinition&, const KeyDefinition&) = default;
};

inline constexpr size_t kRemembered = 256;

struct TableRecord {
  std::string uuid;
  KeyDefinition key;
  encode::ValueFormat value_format = encode::ValueFormat::kMsgpack;
  std::string last_load;                // nonce of the last one-off load that was committed
  std::vector<std::string> remembered;  // those of loads that asked for it; the newest kRemembered
  std::shared_ptr<arrow::Schema> schema;
};

// A load that has begun and not ended. Rows that it put early are undone by it: by key where the
// undo log has them, else by being above `above`.
struct OpenLoad {
  std::string nonce;
  std::string pipeline;  // empty: a one-off load
  int64_t pid = 0;
  std::string host;
  std::string started_at;  // RFC 3339
  bool overwrite = false;
  std::string hidden;           // the named database of an overwrite's rows
  std::string order;            // that of the order values; empty: rows come in their order
  bool replaces = false;        // its rows may take the place of others
  std::string uuid;             // of the table as it will be once committed
  bool has_early_rows = false;  // steps were committed before the load's commit
  bool created_table = false;   // by its first step
  std::optional<std::string>
      above;                     // the table's last key before the first step; none: it had no rows
  std::vector<int64_t> batches;  // ids in the undo log that belong to this load's uncommitted steps

  std::string Holder() const;  // for people: "process 1234 on host since ..."
};

class Catalog {
 public:
  // `create` makes the database; without it, a missing one reads as empty and must not be written.
  static Result<Catalog> Open(Transaction& txn, bool create);

  Result<std::optional<TableRecord>> ReadTable(const std::string& table);
  Status WriteTable(const std::string& table, const TableRecord& record);
  Status RemoveTable(const std::string& table);
  Result<std::vector<std::string>> ListTables();

  Result<std::optional<Checkpoint>> ReadCheckpoint(const std::string& table,
                                                   const std::string& pipeline);
  Result<std::vector<Checkpoint>> ReadCheckpoints(const std::string& table);
  Status WriteCheckpoint(const Checkpoint& checkpoint);
  // The pipeline's claim to the table goes with it.
  Status RemoveCheckpoint(const std::string& table, const std::string& pipeline);

  // The pipeline whose upsert or merge stream has the table for itself; nullopt: none, or its
  // checkpoint is gone.
  Result<std::optional<std::string>> ReadAlone(const std::string& table);
  Status WriteAlone(const std::string& table, const std::string& pipeline);

  Result<std::optional<OpenLoad>> ReadLoad(const std::string& table, const std::string& nonce);
  Result<std::vector<OpenLoad>> ReadLoads(const std::string& table);
  Status WriteLoad(const std::string& table, const OpenLoad& load);
  Status RemoveLoad(const std::string& table, const std::string& nonce);

 private:
  Catalog(Transaction& txn, std::optional<MDB_dbi> dbi) : txn_(&txn), dbi_(dbi) {}
  Result<std::optional<std::string_view>> Get(const std::string& key);

  Transaction* txn_;
  std::optional<MDB_dbi> dbi_;
};

}  // namespace ampload::lmdb
