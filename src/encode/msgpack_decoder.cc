#include "encode/msgpack_decoder.h"

#include <string>
#include <utility>

#include "encode/decoded_columns.h"
#include "encode/msgpack_reader.h"
#include "encode/value_reader.h"

namespace ampload::encode {
namespace {

Status ReadRow(std::string_view bytes, NamedReaders& columns) {
  MsgpackReader from(bytes);
  const MsgpackReader::Token head = from.Next();
  if (head.kind != MsgpackReader::Kind::kMap) return DataError("the row is not a msgpack map");
  const ValueReader* at = nullptr;
  const Status status = columns.Read(head.number, from, &at);
  if (status.ok()) {
    return from.at_end() ? Status::OK() : DataError("there are bytes behind the row's map");
  }
  // A builder's own error, such as more than 2 GiB in a string column, knows no column.
  if (status.detail() != nullptr || at == nullptr) return status;
  return DataError(status.message() + ": column=" + at->path());
}

}  // namespace

Status RowError(std::string_view format, size_t row, const Status& status) {
  const bool has_column = status.message().find(": column=") != std::string::npos;
  return DataError(std::string(format) + ": " + status.message() + (has_column ? "" : ":") +
                   " row=" + std::to_string(row));
}

Result<std::shared_ptr<arrow::RecordBatch>> DecodeMsgpackRows(
    std::span<const std::string_view> rows, const std::shared_ptr<arrow::Schema>& schema,
    std::string_view format) {
  ARROW_ASSIGN_OR_RAISE(auto decoded, DecodedColumns::Make(schema, format));
  NamedReaders columns;
  for (auto& reader : decoded.MakeReaders()) {
    const std::string name = reader->path();
    columns.Add(name, std::move(reader));
  }
  for (size_t row = 0; row < rows.size(); ++row) {
    if (Status status = ReadRow(rows[row], columns); !status.ok()) {
      return RowError(format, row, status);
    }
  }
  return decoded.Finish(static_cast<int64_t>(rows.size()));
}

}  // namespace ampload::encode
