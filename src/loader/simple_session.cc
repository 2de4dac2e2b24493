#include "loader/simple_session.h"

#include <arrow/array.h>

#include <string>
#include <utility>

#include "ampload/log.h"
#include "loader/guarded.h"

namespace ampload {
namespace {

// Only the top level is looked at: what a null inside a list means is the loader's matter.
Status CheckNoNulls(const arrow::RecordBatch& batch, int64_t first_row) {
  for (int i = 0; i < batch.num_columns(); ++i) {
    const auto& column = *batch.column(i);
    for (int64_t row = 0; column.null_count() > 0 && row < column.length(); ++row) {
      if (column.IsNull(row)) {
        return DataError("this store has no nulls: column=" + batch.column_name(i) +
                         " row=" + std::to_string(first_row + row));
      }
    }
  }
  return Status::OK();
}

}  // namespace

Result<std::unique_ptr<WriteSession>> SimpleSession::Make(LoaderFront& loader,
                                                          const TableSpec& spec) {
  if (spec.mode != LoadMode::kAppend && spec.mode != LoadMode::kOverwrite) {
    return ConfigurationError(loader.loader_type() +
                              ": a loader of the simple level only appends and overwrites: mode=" +
                              std::string(ToString(spec.mode)));
  }
  if (spec.on_duplicate != DuplicatePolicy::kFail) {
    return ConfigurationError(loader.loader_type() +
                              ": a loader of the simple level cannot replace duplicates");
  }
  if (spec.schema->num_fields() == 0) {
    return DataError(loader.loader_type() + ": the rows have no columns: table=" + spec.name);
  }
  return std::unique_ptr<WriteSession>(new SimpleSession(loader, spec));
}

Result<Recovered> SimpleSession::Recover(RecoverMode /*mode*/, const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  return Recovered{};
}

Status SimpleSession::Prepare() {
  if (prepared_) return Status::OK();
  const auto& who = loader_.loader_type();
  if (spec_.create_table) {
    ARROW_RETURN_NOT_OK(
        Guarded(who, [&] { return loader_.CreateTableFromSchema(*spec_.schema, spec_.name); }));
  }
  if (spec_.mode == LoadMode::kOverwrite) {
    ARROW_RETURN_NOT_OK(Guarded(who, [&] { return loader_.ClearTable(spec_.name); }));
  }
  prepared_ = true;
  return Status::OK();
}

Status SimpleSession::CheckBatch(const StagedBatch& batch) const {
  if (batch.batch == nullptr || batch.table != 0) {
    return PermanentError("the session has one table, and a batch has rows");
  }
  if (batch.op_column.has_value()) {
    return ConfigurationError("a loader of the simple level only inserts");
  }
  if (!batch.batch->schema()->Equals(*spec_.schema, /*check_metadata=*/false)) {
    return DataError("a batch's schema is not the one that the session was opened with");
  }
  return loader_.traits().supports_null_values ? Status::OK()
                                               : CheckNoNulls(*batch.batch, batch.first_row);
}

Status SimpleSession::Stage(StagedBatch batch, const CallContext& context) {
  const std::string where = loader_.loader_type() + ": table " + spec_.name;
  ARROW_RETURN_NOT_OK(context.Check());
  ARROW_RETURN_NOT_OK(WithContext(CheckBatch(batch), where));
  ARROW_RETURN_NOT_OK(Prepare());
  if (batch.batch->num_rows() == 0) return Status::OK();
  errors_.first_row_ = batch.first_row;
  ARROW_ASSIGN_OR_RAISE(const int64_t rows, Guarded(loader_.loader_type(), [&] {
                          return loader_.LoadBatchImpl(*batch.batch, spec_.name, errors_);
                        }));
  if (rows < 0 || rows > batch.batch->num_rows()) {
    return PermanentError(
        where + ": the loader counted wrong: given=" + std::to_string(batch.batch->num_rows()) +
        " loaded=" + std::to_string(rows));
  }
  rows_ += rows;
  if (errors_.count() > RowErrors::kMaxErrors) {
    return DataError("Too many errors: " + std::to_string(errors_.count()));
  }
  return Status::OK();
}

std::vector<RejectedRow> SimpleSession::TakeRejected() {
  return std::exchange(errors_.rejected_, {});
}

Status SimpleSession::Undo(const BatchIdSet& batches, const CallContext& /*context*/) {
  if (batches.empty()) return Status::OK();
  return ConfigurationError(loader_.loader_type() + ": this store cannot take batches back");
}

Status SimpleSession::Evolve(const SchemaChange& /*change*/, const CallContext& /*context*/) {
  return ConfigurationError(loader_.loader_type() + ": this store cannot change a table's columns");
}

void SimpleSession::WarnOfRowErrors() const {
  if (errors_.count() == 0) return;
  const std::string of_all = "table " + spec_.name + ": ";
  for (const auto& message : errors_.messages()) {
    LogWarning(loader_.loader_type(), of_all + message);
  }
  LogWarning(loader_.loader_type(), of_all +
                                        "rows were left out: rows_loaded=" + std::to_string(rows_) +
                                        " errors=" + std::to_string(errors_.count()));
}

Result<CommitOutcome> SimpleSession::Commit(const Checkpoint& /*checkpoint*/,
                                            const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  ARROW_RETURN_NOT_OK(Prepare());
  WarnOfRowErrors();
  const Status finished = errors_.Finish(rows_);
  const int64_t rows = rows_;
  Forget();
  ARROW_RETURN_NOT_OK(finished);
  return Committed{rows};
}

Status SimpleSession::Abort(const CallContext& /*context*/) {
  if (rows_ > 0) {
    LogWarning(loader_.loader_type(),
               "table " + spec_.name +
                   ": the load stopped, but what it had written stays: this store cannot take "
                   "it back: rows=" +
                   std::to_string(rows_));
  }
  Forget();
  return Status::OK();
}

void SimpleSession::Forget() {
  prepared_ = false;
  rows_ = 0;
  errors_ = RowErrors();
}

}  // namespace ampload
