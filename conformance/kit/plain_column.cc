#include "conformance/kit/plain_column.h"

#include <arrow/compute/api.h>

#include "encode/decoded_type.h"

namespace ampload::conformance {

Result<std::shared_ptr<arrow::Array>> PlainColumn(const std::shared_ptr<arrow::Array>& column) {
  auto plain = column;
  if (plain->type_id() == arrow::Type::RUN_END_ENCODED) {
    ARROW_ASSIGN_OR_RAISE(const auto decoded, arrow::compute::RunEndDecode(plain));
    plain = decoded.make_array();
  }
  auto type = encode::DecodedType(plain->type());
  if (type->id() == arrow::Type::STRING_VIEW) type = arrow::utf8();
  if (type->id() == arrow::Type::BINARY_VIEW) type = arrow::binary();
  if (type->Equals(*plain->type())) return plain;
  return arrow::compute::Cast(*plain, type);
}

}  // namespace ampload::conformance
