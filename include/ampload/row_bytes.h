// Rows and keys as bytes, for stores that keep a row as one value. Exact: docs/types.md says what
// becomes of each Arrow type. Pure; safe from any thread.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"

namespace ampload {

enum class RowFormat {
  kMsgpack,   // a map from column name to value
  kJson,      // an object from column name to value, in one line
  kArrowIpc,  // an Arrow IPC stream of the one row, schema included
};

// One text a row. A column that cannot be stored is a data error; so is a value, and BadRowOf then
// has its row.
Result<std::vector<std::string>> RowsAsBytes(const arrow::RecordBatch& batch, RowFormat format);

// OK where RowsAsBytes takes rows of these columns; else its data error, which names every column
// that cannot be stored. For CreateTableFromSchema: then no table is made for rows that are
// refused.
Status CheckColumns(const arrow::Schema& schema, RowFormat format);

// The way back: rows that RowsAsBytes made, as columns of `schema` (a dictionary as its values).
// Damaged bytes are a data error.
Result<std::shared_ptr<arrow::RecordBatch>> RowsFromBytes(
    const std::vector<std::string>& rows, RowFormat format,
    const std::shared_ptr<arrow::Schema>& schema);

// A column's values as texts, for keys: nullopt for a null, else equal texts for equal values only.
// Digits for numbers, the bytes of strings and binaries, ISO 8601 for times, JSON for what is
// nested. Where the batch lacks the column: a data error.
Result<std::vector<std::optional<std::string>>> ColumnAsText(const arrow::RecordBatch& batch,
                                                             int column);

// A text as the name of a file or folder: ASCII letters, digits, - and _ stay, every other byte
// becomes %XX. No two texts have the same name, none begins with a dot or leads to another folder.
// How long a name may be (255 bytes, mostly) is the caller's matter; an empty text stays empty.
std::string FileNameOf(std::string_view text);

}  // namespace ampload
