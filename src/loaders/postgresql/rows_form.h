// How a session's rows go into its table: which columns, of which types, over which detour. Made
// from the rows' columns and the table's; pure.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/table.h"
#include "ampload/write_session.h"
#include "encode/pg/copy_encoder.h"
#include "loaders/postgresql/pg_table.h"

namespace ampload::postgresql {

// Upsert and merge go by a staging table, whose rows have two columns more.
inline constexpr char kStageTable[] = "ampload_stage";  // in pg_temp, for one transaction
inline constexpr char kStageRow[] = "_ampload_row";     // bigint: the order of arrival
inline constexpr char kStageOp[] = "_ampload_op";       // smallint: RowOp, in a merge with `_op`

struct RowsForm {
  std::shared_ptr<arrow::Schema> rows;        // as they are staged, `_op` included
  std::shared_ptr<arrow::Schema> stored;      // without `_op`
  std::vector<encode::pg::PgColumn> columns;  // of the table, one for each of `stored`
  SchemaChange change;                        // what becomes of the table before the rows
  std::string evolution;                      // the same in words; empty: nothing
  bool needs_batch_index = false;             // a stream into a table without one
  std::vector<std::string> other_columns;     // of the table, that the rows lack
  std::vector<std::string> all_columns;       // of the table, that can be written
};

// The rows against a table that is there. A data error names every column that does not fit, and
// says what to do.
Result<RowsForm> FitRowsToTable(const TableSpec& spec, const PgTable& table, bool table_is_empty);

// Do rows that were encoded for one of them go into a table of the other?
bool SameColumns(const RowsForm& a, const RowsForm& b);

// The same for a table that is to be made.
Result<RowsForm> FormOfNewTable(const TableSpec& spec,
                                const std::vector<encode::pg::PgColumn>& columns);

// The bytes of a batch: tuples of COPY.
struct EncodedTuples : EncodedBatch {
  int64_t size_bytes() const override { return bytes->size(); }
  std::shared_ptr<arrow::Buffer> bytes;
  const void* made_by = nullptr;  // the encoder: its columns are those of the session, or no more
};

// Makes them. `staged`: for the staging table, whose extra columns it adds.
Result<std::unique_ptr<BatchEncoder>> MakeTupleEncoder(const TableSpec& spec, const RowsForm& form,
                                                       const std::string& table);

}  // namespace ampload::postgresql
