// The statements of an upsert or merge: from the staging table into the table. Pure.
//
// The rows of one key apply in their order: by `--order-by`, nulls first, then by arrival. What
// comes out is the last one, as if each had been written alone.
#pragma once

#include <string>
#include <vector>

#include "ampload/table.h"
#include "loaders/postgresql/names.h"
#include "loaders/postgresql/pg_table.h"
#include "loaders/postgresql/rows_form.h"

namespace ampload::postgresql {

class KeyWrites {
 public:
  // All must outlive it.
  KeyWrites(const TableSpec& spec, const TableName& table, const RowsForm& form, bool has_ops)
      : spec_(spec), table_(table), form_(form), has_ops_(has_ops) {}

  // Makes the staging table, in pg_temp and for one transaction; two statements.
  std::vector<std::string> MakeStage() const;
  // COPY's target: the staging table with the columns that rows bring.
  std::string StageTarget() const;

  // Rows whose operation cannot be: an insert of a key that is there, an update of one that is not.
  // One row of "arrival number (from 1), operation, was there (t or f), key as text", the first to
  // arrive; none: all is well. Empty text: no row can be wrong.
  std::string FindWrongOp() const;

  // What stood there before, for a stream: into the table of undo records. $1 is the table's name,
  // $2 the pipeline, $3 the batch.
  std::string NoteBefore(const TableName& undo_table) const;

  // The writes themselves, in order.
  std::vector<std::string> Apply() const;

 private:
  std::string Ranked() const;  // a CTE body: every staged row with its place within its key
  std::string OrderOfRows(bool descending) const;
  std::string KeyList(const std::string& alias) const;
  std::string KeysEqual(const std::string& left, const std::string& right) const;
  std::string StoredColumns() const;

  const TableSpec& spec_;
  const TableName& table_;
  const RowsForm& form_;
  bool has_ops_;
};

// What undo records keep of a key or of a row: JSON of texts, {"column": "value"}. `alias` is the
// row's name in the statement.
std::string AsJson(const std::vector<std::string>& columns, const std::string& alias);

}  // namespace ampload::postgresql
