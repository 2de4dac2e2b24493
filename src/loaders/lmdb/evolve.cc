// Columns that the rows gain between two commits.
#include <utility>

#include "loader/row_op.h"
#include "loader/schema_change.h"
#include "loaders/lmdb/session.h"

namespace ampload::lmdb {

Status LmdbSession::Evolve(const SchemaChange& change, const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(context.Check());
  if (committed_ || staging_.rows() > 0 || early_rows_ > 0) {
    return ConfigurationError(
        "lmdb: columns change between commits only; commit or abort first: table=" + spec_.name);
  }
  auto changed = ChangedRows(*spec_.schema, change, ": table=" + spec_.name);
  if (!changed.ok()) return WithContext(changed.status(), "lmdb");
  auto rows = std::move(*changed);
  auto before = spec_.schema;
  const Status taken = TakeColumns(std::move(rows));
  if (!taken.ok()) {
    ARROW_RETURN_NOT_OK(TakeColumns(std::move(before)));
    return taken;
  }
  if (committed_rows_ == nullptr) committed_rows_ = std::move(before);
  return Status::OK();
}

Status LmdbSession::TakeColumns(std::shared_ptr<arrow::Schema> rows) {
  spec_.schema = std::move(rows);
  ARROW_ASSIGN_OR_RAISE(columns_, StoredSchema(spec_));
  if (table_.has_value() && !replacing_) {
    ARROW_RETURN_NOT_OK(CheckSchema(*table_));
    next_table_.schema = evolved_schema_;
  } else {
    next_table_.schema = columns_;  // the commit makes the table
    evolved_schema_ = columns_;
  }
  return MakeEncoder();
}

Status LmdbSession::ForgetEvolution() {
  if (committed_rows_ == nullptr) return Status::OK();
  return TakeColumns(std::exchange(committed_rows_, nullptr));
}

}  // namespace ampload::lmdb
