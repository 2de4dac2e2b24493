#include "encode/row_format_encoder.h"

#include "encode/ipc_rows.h"
#include "encode/ipc_rows_decoder.h"
#include "encode/json_decoder.h"
#include "encode/json_encoder.h"
#include "encode/msgpack_decoder.h"
#include "encode/msgpack_encoder.h"

namespace ampload::encode {

std::string_view ToString(ValueFormat format) {
  switch (format) {
    case ValueFormat::kMsgpack:
      return "msgpack";
    case ValueFormat::kJson:
      return "json";
    case ValueFormat::kArrowIpc:
      break;
  }
  return "arrow_ipc";
}

std::optional<ValueFormat> ValueFormatOf(std::string_view name) {
  for (const auto format : {ValueFormat::kMsgpack, ValueFormat::kJson, ValueFormat::kArrowIpc}) {
    if (name == ToString(format)) return format;
  }
  return std::nullopt;
}

const std::vector<std::string>& ValueFormatNames() {
  static const auto* names = new std::vector<std::string>{"msgpack", "json", "arrow_ipc"};
  return *names;
}

Result<std::unique_ptr<RowFormatEncoder>> MakeRowFormatEncoder(
    ValueFormat format, const std::shared_ptr<arrow::Schema>& schema) {
  switch (format) {
    case ValueFormat::kMsgpack:
      return MsgpackEncoder::Make(schema);
    case ValueFormat::kJson:
      return JsonEncoder::Make(schema);
    case ValueFormat::kArrowIpc:
      break;
  }
  return IpcRowsEncoder::Make(schema);
}

Result<std::shared_ptr<arrow::RecordBatch>> DecodeRows(
    ValueFormat format, std::span<const std::string_view> rows,
    const std::shared_ptr<arrow::Schema>& schema) {
  switch (format) {
    case ValueFormat::kMsgpack:
      return DecodeMsgpackRows(rows, schema);
    case ValueFormat::kJson:
      return DecodeJsonRows(rows, schema);
    case ValueFormat::kArrowIpc:
      break;
  }
  return DecodeIpcRows(rows, schema);
}

}  // namespace ampload::encode
