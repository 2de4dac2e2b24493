// What a session is asked to write, and what a store says of a table.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ampload/load_mode.h"

namespace ampload {

// One destination table of a session. A value; `schema` is shared and never changed.
struct TableSpec {
  std::string name;
  // Columns as they will be staged: `_amp_batch_id` included in a stream, and in a merge `_op`,
  // which is not stored.
  std::shared_ptr<arrow::Schema> schema;
  LoadMode mode = LoadMode::kAppend;
  std::vector<std::string> keys;  // row identity; empty where the store may number rows itself
  std::string order_by;  // upsert, merge: the last of two rows of one key; empty: by arrival
  DuplicatePolicy on_duplicate = DuplicatePolicy::kFail;

  // Empty: a one-off load, all or nothing, that keeps no checkpoint and runs under a nonce.
  std::string pipeline;
  bool add_pipeline = false;  // may join a table that another pipeline writes
  bool streaming = false;     // batches may be undone: undo records are kept while on the ladder
  bool undo_only = false;     // no row will be staged; `schema` need not fit the table

  bool create_table = true;  // false: a missing table is refused
  SchemaPolicy on_schema_change = SchemaPolicy::kFreeze;
  std::vector<std::string> allow;  // losses that the user accepts, by name: see type_plan.h
  int64_t staging_bytes = 0;  // what the session may hold in memory for rows on their way; 0: its
                              // own default
  // The pipeline begins anew: whatever checkpoint it has is forgotten, and its first commit
  // replaces the table's rows. Refused as an overwrite is.
  bool reset_pipeline = false;
  bool force = false;  // overwrite although other pipelines' checkpoints exist
  // Connections that fill the table at once, where LoaderTraits::supports_parallel; a new or
  // overwritten table only. The order of rows is not kept then.
  int parallel = 1;
};

struct ColumnInfo {
  std::string name;
  std::string type;  // the store's own name for it
  bool nullable = true;
};

struct TableInfo {
  std::string table_name;
  bool exists = false;
  int64_t row_count = 0;
  bool row_count_is_estimate = false;  // counting would have taken long; the store's own guess
  std::vector<ColumnInfo> columns;
  int64_t size_bytes = 0;
  std::vector<std::string> keys;          // what identifies a row, as a person would write it
  std::shared_ptr<arrow::Schema> schema;  // as it was loaded, where the store keeps it; else null
};

// Between two commits: columns that the source gained, and columns that it widened.
struct SchemaChange {
  int table = 0;                                     // index into the session's TableSpecs
  std::vector<std::shared_ptr<arrow::Field>> added;  // all nullable
  std::vector<std::shared_ptr<arrow::Field>>
      widened;  // the new types; each exact for the old values
};

}  // namespace ampload
