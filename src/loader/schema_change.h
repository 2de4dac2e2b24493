// A table's columns against those of the rows that come: what would have to change, and may it?
#pragma once

#include <arrow/type.h>

#include <memory>
#include <span>
#include <string>

#include "ampload/load_mode.h"
#include "ampload/status.h"
#include "ampload/table.h"

namespace ampload {

struct SchemaComparison {
  SchemaChange change;                     // what evolution would do
  std::shared_ptr<arrow::Schema> evolved;  // the table's columns afterwards; new ones at the end
  std::string impossible;                  // differences that no policy takes, column by column
  std::string possible;                    // those that evolve takes, in words: "adds fee (int64)"

  bool same() const { return impossible.empty() && possible.empty(); }
};

// Columns of the table that the rows lack are left out where they may be null. Evolution adds the
// rows' new columns, as nullable, and widens types where every old value stays as it is; rows of a
// narrower type fit as they are. Key columns never change their type: keys would no longer be
// found.
SchemaComparison CompareSchemas(const arrow::Schema& table, const arrow::Schema& rows,
                                std::span<const std::string> keys);

// The rows' columns after that change: what WriteSession::Evolve is asked for. A data error, which
// `where` ends, for a column to be added that is there already, or one that would not be widened.
Result<std::shared_ptr<arrow::Schema>> ChangedRows(const arrow::Schema& rows,
                                                   const SchemaChange& change,
                                                   const std::string& where);

// OK where the rows fit, or fit after evolution and the policy allows it; else a data error that
// says what differs, column by column, and what to do.
Status CheckComparison(const SchemaComparison& comparison, SchemaPolicy policy,
                       const std::string& table);

// For tables whose numbers are digits: those of a float are the fewest of its own type, and read as
// another type they are another number. A data error where a float column is of another type.
Status CheckFloatsKeepTheirType(const arrow::Schema& table_columns, const arrow::Schema& rows,
                                const std::string& table);

}  // namespace ampload
