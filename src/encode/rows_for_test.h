// What the tests of this room share: columns from JSON text, rows as hex.
#pragma once

#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <string_view>

#include "encode/json_encoder.h"
#include "encode/msgpack_encoder.h"

namespace ampload::encode {

inline std::string Hex(std::string_view bytes) {
  std::string hex;
  for (char c : bytes) {
    hex += "0123456789abcdef"[static_cast<uint8_t>(c) >> 4];
    hex += "0123456789abcdef"[c & 15];
  }
  return hex;
}

inline std::shared_ptr<arrow::Array> FromJson(const std::shared_ptr<arrow::DataType>& type,
                                              std::string_view json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

template <class Encoder = MsgpackEncoder>
Result<EncodedRows> EncodeArray(const std::shared_ptr<arrow::Array>& array) {
  auto schema = arrow::schema({arrow::field("c", array->type())});
  ARROW_ASSIGN_OR_RAISE(auto encoder, Encoder::Make(schema));
  return encoder->Encode(*arrow::RecordBatch::Make(schema, array->length(), {array}));
}

inline std::string_view AllBytes(const EncodedRows& rows) {
  return {reinterpret_cast<const char*>(rows.bytes->data()),
          static_cast<size_t>(rows.size_bytes())};
}

// All rows of a table of the one column "c", end to end.
inline std::string EncodeColumn(const std::shared_ptr<arrow::DataType>& type,
                                std::string_view json) {
  const auto rows = EncodeArray(FromJson(type, json));
  if (!rows.ok()) return rows.status().ToString();
  return Hex(AllBytes(*rows));
}

// The same as JSON text.
inline std::string JsonOf(const std::shared_ptr<arrow::Array>& array) {
  const auto rows = EncodeArray<JsonEncoder>(array);
  if (!rows.ok()) return rows.status().ToString();
  return std::string(AllBytes(*rows));
}
inline std::string JsonColumn(const std::shared_ptr<arrow::DataType>& type, std::string_view json) {
  return JsonOf(FromJson(type, json));
}

}  // namespace ampload::encode
