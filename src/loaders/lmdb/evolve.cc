// Columns that the rows gain between two commits.
#include <algorithm>
#include <utility>

#include "encode/exact_cast.h"
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
  ARROW_ASSIGN_OR_RAISE(auto rows, ChangedRows(change));
  auto before = spec_.schema;
  const Status taken = TakeColumns(std::move(rows));
  if (!taken.ok()) {
    ARROW_RETURN_NOT_OK(TakeColumns(std::move(before)));
    return taken;
  }
  if (committed_rows_ == nullptr) committed_rows_ = std::move(before);
  return Status::OK();
}

Result<std::shared_ptr<arrow::Schema>> LmdbSession::ChangedRows(const SchemaChange& change) const {
  auto fields = spec_.schema->fields();
  const auto find = [&](const std::string& name) {
    return std::find_if(fields.begin(), fields.end(),
                        [&](const auto& field) { return field->name() == name; });
  };
  for (const auto& wider : change.widened) {
    const auto field = find(wider->name());
    if (field == fields.end() || !((*field)->type()->Equals(*wider->type()) ||
                                   encode::IsExactWidening(*(*field)->type(), *wider->type()))) {
      return DataError(
          "lmdb: a column can only be widened, so that every old value stays as it is: table=" +
          spec_.name + " column=" + wider->name() +
          " type=" + (field == fields.end() ? "none" : (*field)->type()->ToString()) +
          " wanted=" + wider->type()->ToString());
    }
    *field = (*field)->WithType(wider->type());
  }
  for (const auto& added : change.added) {
    if (find(added->name()) != fields.end()) {
      return DataError("lmdb: a column to be added is there already: table=" + spec_.name +
                       " column=" + added->name());
    }
    fields.push_back(added->WithNullable(true));
  }
  return arrow::schema(std::move(fields), spec_.schema->metadata());
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
