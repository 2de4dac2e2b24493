// What the tests of the COPY encoder share: one column, encoded for a column's type.
#pragma once

#include <string>
#include <vector>

#include "encode/pg/copy_encoder.h"
#include "encode/rows_for_test.h"

namespace ampload::encode::pg {

// A built-in type by its oid: test code names no type twice.
inline PgType TypeOf(uint32_t oid, int32_t typmod = -1, std::string name = "column's") {
  return BuiltInType(oid, typmod, std::move(name));
}
inline PgType NumericType(int precision, int scale) {
  return TypeOf(1700, ((precision << 16) | (scale & 0x7ff)) + 4, "numeric");
}

inline Result<std::string> CopyOf(const std::shared_ptr<arrow::Array>& array, PgType type,
                                  const std::vector<std::string>& allow = {},
                                  bool not_null = false) {
  auto schema = arrow::schema({arrow::field("c", array->type())});
  ARROW_ASSIGN_OR_RAISE(auto encoder, CopyEncoder::Make(schema, {{"c", std::move(type), not_null}},
                                                        "chain.logs", allow));
  ARROW_ASSIGN_OR_RAISE(
      auto bytes,
      encoder->Encode(*arrow::RecordBatch::Make(schema, array->length(), {array}), 100));
  return bytes->ToString();
}

// As hex; of a type that a new table has.
inline std::string CopyHex(const std::shared_ptr<arrow::Array>& array) {
  const auto type = TypeForNewColumn(*arrow::field("c", array->type()));
  if (!type.ok()) return type.status().ToString();
  const auto bytes = CopyOf(array, *type);
  return bytes.ok() ? Hex(*bytes) : bytes.status().ToString();
}
inline std::string CopyHex(const std::shared_ptr<arrow::DataType>& type, std::string_view json) {
  return CopyHex(FromJson(type, json));
}

}  // namespace ampload::encode::pg
