#include "ampload/write_session.h"

namespace ampload {

std::optional<RowOp> ParseRowOp(std::string_view text) {
  if (text == "insert") return RowOp::kInsert;
  if (text == "update") return RowOp::kUpdate;
  if (text == "upsert") return RowOp::kUpsert;
  if (text == "delete") return RowOp::kDelete;
  return std::nullopt;
}

}  // namespace ampload
