// The formats that keep a whole row in one value: msgpack, JSON, an Arrow IPC stream a row.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"
#include "encode/encoded_rows.h"

namespace ampload::encode {

enum class ValueFormat {
  kMsgpack,
  kJson,
  kArrowIpc,
};

// "msgpack", "json", "arrow_ipc"; nullopt for any other name.
std::string_view ToString(ValueFormat format);
std::optional<ValueFormat> ValueFormatOf(std::string_view name);
const std::vector<std::string>& ValueFormatNames();

// Rows of one schema. Immutable: Encode may be called from several threads at once.
class RowFormatEncoder {
 public:
  virtual ~RowFormatEncoder() = default;

  // `batch` has the encoder's schema. A value that cannot be encoded is a data error with column
  // and row, and BadRowOf has the row.
  virtual Result<EncodedRows> Encode(const arrow::RecordBatch& batch) const = 0;
};

// A data error names every column that cannot be encoded, its type and why: unions, two columns or
// fields of one struct with one name, names that are not UTF-8, more than 64 maps and lists within
// each other (the row is one).
Result<std::unique_ptr<RowFormatEncoder>> MakeRowFormatEncoder(
    ValueFormat format, const std::shared_ptr<arrow::Schema>& schema);

// The rows that such an encoder made, back as columns of `schema`: the same values. A column that a
// row lacks is null there; a column that the schema lacks is ignored. Damaged bytes, or a value
// that the column's type cannot hold, are a data error with column and row. Dictionary and
// run-end-encoded columns come back as their value type, so the result's schema may differ in that;
// extension types come back as they were. Safe on hostile input.
Result<std::shared_ptr<arrow::RecordBatch>> DecodeRows(
    ValueFormat format, std::span<const std::string_view> rows,
    const std::shared_ptr<arrow::Schema>& schema);

}  // namespace ampload::encode
