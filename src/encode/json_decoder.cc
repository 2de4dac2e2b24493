#include "encode/json_decoder.h"

#include <string>
#include <vector>

#include "encode/decoded_type.h"
#include "encode/encodable.h"
#include "encode/json_to_msgpack.h"
#include "encode/msgpack_bytes.h"
#include "encode/msgpack_decoder.h"

namespace ampload::encode {

Result<std::shared_ptr<arrow::RecordBatch>> DecodeJsonRows(
    std::span<const std::string_view> rows, const std::shared_ptr<arrow::Schema>& schema) {
  ARROW_RETURN_NOT_OK(CheckEncodable(*schema, msgpack::kMaxDepth, "json"));
  JsonToMsgpack converter(StorageSchema(*schema)->fields());
  std::string bytes;
  std::vector<size_t> ends;
  for (size_t row = 0; row < rows.size(); ++row) {
    if (Status status = converter.Convert(rows[row], &bytes); !status.ok()) {
      return RowError("json", row, status);
    }
    ends.push_back(bytes.size());
  }
  std::vector<std::string_view> converted;
  size_t begin = 0;
  for (const size_t end : ends) {
    converted.push_back(std::string_view(bytes).substr(begin, end - begin));
    begin = end;
  }
  return DecodeMsgpackRows(converted, schema, "json");
}

}  // namespace ampload::encode
