#include "snapshot_session.h"

#include <ampload/fault_point.h>
#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <unistd.h>

#include <random>

using ampload::CallContext, ampload::Checkpoint, ampload::CommitOutcome, ampload::Recovered;
using ampload::RecoverFinding, ampload::RecoverMode, ampload::Result, ampload::Status;

namespace {

std::string Nonce() {
  std::random_device device;
  std::string nonce;
  for (int i = 0; i < 4; ++i) nonce += std::to_string(device()) + "-";
  return nonce;
}

// The rows but those of the undone batches, by the column that every streamed row has.
Result<std::shared_ptr<arrow::Table>> Without(const std::shared_ptr<arrow::Table>& rows,
                                              const ampload::BatchIdSet& undone) {
  const int column = rows->schema()->GetFieldIndex(ampload::kBatchIdColumn);
  if (undone.empty() || column < 0) return rows;
  std::vector<std::shared_ptr<arrow::Table>> kept = {rows->Slice(0, 0)};
  int64_t first = 0;  // of the run of kept rows that goes up to `row`
  for (int64_t row = 0; row < rows->num_rows(); ++row) {
    ARROW_ASSIGN_OR_RAISE(const auto id, rows->column(column)->GetScalar(row));
    const auto value = static_cast<const arrow::Int64Scalar&>(*id).value;
    if (!id->is_valid || !undone.contains(ampload::BatchId(value))) continue;
    kept.push_back(rows->Slice(first, row - first));
    first = row + 1;
  }
  kept.push_back(rows->Slice(first));
  return arrow::ConcatenateTables(kept);
}

// Rows in the columns that the table has from now on, by name: nulls in new ones, wider types.
Result<std::shared_ptr<arrow::Table>> WithColumns(const std::shared_ptr<arrow::Schema>& schema,
                                                  const arrow::Table& rows) {
  arrow::ChunkedArrayVector columns;
  for (const auto& field : schema->fields()) {
    arrow::Datum column(rows.GetColumnByName(field->name()));
    if (column.chunked_array() == nullptr) {
      ARROW_ASSIGN_OR_RAISE(const auto nulls,
                            arrow::MakeArrayOfNull(field->type(), rows.num_rows()));
      column = std::make_shared<arrow::ChunkedArray>(nulls);
    }
    ARROW_ASSIGN_OR_RAISE(column, arrow::compute::Cast(column, field->type()));
    columns.push_back(column.chunked_array());
  }
  return arrow::Table::Make(schema, columns, rows.num_rows());
}

}  // namespace

SnapshotSession::SnapshotSession(std::filesystem::path folder, ampload::TableSpec spec)
    : folder_(std::move(folder)), spec_(std::move(spec)), nonce_(Nonce()) {}

Result<Recovered> SnapshotSession::Recover(RecoverMode mode, const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  ARROW_ASSIGN_OR_RAISE(const TableLock lock, TableLock::Take(folder_));
  AMPLOAD_FAULT_POINT("snapshot.recover.before");
  ARROW_ASSIGN_OR_RAISE(TableFile file, ReadTableFile(folder_));
  return mode == RecoverMode::kTakeOver ? TakeOver(std::move(file)) : Settle(std::move(file));
}

// Nothing of a dead predecessor's has to be cleaned up: what it had not committed was in its
// memory, or in `next`, which means nothing.
Result<Recovered> SnapshotSession::TakeOver(TableFile file) {
  if (spec_.schema->num_fields() == 0) {
    return ampload::DataError("snapshot: rows without columns have no place: table=" + spec_.name);
  }
  Checkpoint* mine = one_off() ? nullptr : file.FindPipeline(spec_.pipeline);
  const bool resumed = mine != nullptr && mine->sequence > 0;
  const size_t others = file.checkpoints.size() - (mine == nullptr ? 0 : 1);
  replacing_ = spec_.mode == ampload::LoadMode::kOverwrite && !resumed;
  if (replacing_ && others > 0 && !spec_.force) {
    return ampload::ConfigurationError(
        "snapshot: other pipelines write this table: give --force to end them: table=" +
        spec_.name);
  }
  if (one_off()) return Recovered{};
  if (resumed && mine->table_identity != file.identity) {
    return ampload::PermanentError(
        "snapshot: the pipeline's table is another one now: begin under another --pipeline name: "
        "table=" +
        spec_.name);
  }
  Recovered recovered;
  if (mine == nullptr) {
    if (others > 0 && !spec_.add_pipeline) {
      return ampload::ConfigurationError(
          "snapshot: another pipeline writes this table: allow yours with --add-pipeline: table=" +
          spec_.name);
    }
    Checkpoint made;
    made.table = spec_.name;
    made.pipeline = spec_.pipeline;
    for (const auto& one : file.checkpoints) made.slot = std::max(made.slot, one.slot + 1);
    mine = &file.checkpoints.emplace_back(made);
  }
  mine->owner = nonce_;  // the fence: whoever had it is told so at its next commit
  mine->epoch.value += 1;
  mine->store_handle = "process " + std::to_string(getpid());
  fence_ = *mine;
  recovered.slot = fence_.slot;
  if (resumed) {
    recovered.finding = RecoverFinding::kResumed;
    recovered.checkpoint = fence_;
  }
  ARROW_RETURN_NOT_OK(ReplaceTableFile(folder_, file));
  return recovered;
}

Result<Recovered> SnapshotSession::Settle(TableFile file) {
  Recovered recovered;
  if (one_off()) {
    recovered.finding =
        file.last_load == nonce_ ? RecoverFinding::kCommitted : RecoverFinding::kNotCommitted;
    return recovered;
  }
  const Checkpoint* now = file.FindPipeline(spec_.pipeline);
  if (now == nullptr) {
    return ampload::PermanentError("snapshot: the checkpoint is gone: table=" + spec_.name);
  }
  recovered.checkpoint = *now;
  recovered.slot = now->slot;
  if (now->owner != nonce_) {
    if (now->epoch < fence_.epoch) {
      return ampload::PermanentError("snapshot: the folder is as it was before this take-over");
    }
    recovered.finding = RecoverFinding::kFenced;
    recovered.fenced_by = now->store_handle;
    return recovered;
  }
  const bool compared = AMPLOAD_SAFEGUARD("sequence_check");
  const bool newer = compared && now->sequence > fence_.sequence;
  const bool older = compared && now->sequence < fence_.sequence;
  recovered.finding = newer   ? RecoverFinding::kCommitted
                      : older ? RecoverFinding::kWentBack
                              : RecoverFinding::kNotCommitted;
  if (newer) Forget();
  fence_ = *now;
  return recovered;
}

Status SnapshotSession::Stage(ampload::StagedBatch batch, const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  if (evolved_ != nullptr) evolved_ = batch.batch->schema();  // the same columns, in their order
  staged_.push_back(std::move(batch.batch));
  return Status::OK();
}

Status SnapshotSession::Undo(const ampload::BatchIdSet& batches, const CallContext& context) {
  undo_ = batches;
  return context.Check();
}

Status SnapshotSession::Evolve(const ampload::SchemaChange& change, const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  auto fields = spec_.schema->fields();
  for (const auto& wider : change.widened) {
    const int place = spec_.schema->GetFieldIndex(wider->name());
    if (place < 0) return ampload::DataError("snapshot: no such column: column=" + wider->name());
    fields[place] = wider;
  }
  fields.insert(fields.end(), change.added.begin(), change.added.end());
  evolved_ = arrow::schema(fields);
  return Status::OK();
}

void SnapshotSession::Forget() {
  if (evolved_ != nullptr) spec_.schema = evolved_;
  replacing_ = false;
  static_cast<void>(Abort({}));
}

Status SnapshotSession::Abort(const CallContext& /*context*/) {
  staged_.clear();
  undo_.clear();
  evolved_.reset();
  return Status::OK();
}

// Undo, new columns and rows, into what the file says.
Status SnapshotSession::ApplyTo(TableFile* file) const {
  if (!file->exists() || replacing_) {
    file->identity = Nonce();
    ARROW_ASSIGN_OR_RAISE(file->rows, arrow::Table::MakeEmpty(spec_.schema));
  }
  if (!file->rows->schema()->Equals(*spec_.schema, /*check_metadata=*/false)) {
    return ampload::DataError("snapshot: the table has other columns now: table=" + spec_.name);
  }
  const auto schema = evolved_ != nullptr ? evolved_ : spec_.schema;
  std::vector<std::shared_ptr<arrow::Table>> parts(1);
  ARROW_ASSIGN_OR_RAISE(parts.front(), Without(file->rows, undo_));
  for (const auto& batch : staged_) {
    ARROW_ASSIGN_OR_RAISE(parts.emplace_back(), arrow::Table::FromRecordBatches({batch}));
  }
  for (auto& part : parts) {
    ARROW_ASSIGN_OR_RAISE(part, WithColumns(schema, *part));
  }
  ARROW_ASSIGN_OR_RAISE(file->rows, arrow::ConcatenateTables(parts));
  return Status::OK();
}

Result<CommitOutcome> SnapshotSession::Commit(const Checkpoint& checkpoint,
                                              const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  ARROW_ASSIGN_OR_RAISE(const TableLock lock, TableLock::Take(folder_));
  ARROW_ASSIGN_OR_RAISE(TableFile file, ReadTableFile(folder_));
  return CommitUnderLock(std::move(file), checkpoint);
}

Result<CommitOutcome> SnapshotSession::CommitUnderLock(TableFile file,
                                                       const Checkpoint& checkpoint) {
  Checkpoint* mine = one_off() ? nullptr : file.FindPipeline(spec_.pipeline);
  if (!one_off() && mine == nullptr) {
    return CommitOutcome(ampload::Fenced{"a load that replaced the table"});
  }
  if (mine != nullptr && AMPLOAD_SAFEGUARD("fence") && mine->owner != nonce_) {
    return CommitOutcome(ampload::Fenced{mine->store_handle});
  }
  if (mine != nullptr && AMPLOAD_SAFEGUARD("sequence_check") && mine->sequence != fence_.sequence) {
    return ampload::PermanentError(
        "snapshot: the checkpoint is not as this session left it: table=" + spec_.name);
  }
  ARROW_RETURN_NOT_OK(ApplyTo(&file));
  if (mine != nullptr) {
    Checkpoint next = checkpoint;  // what the engine knows; the rest is the session's
    next.table = fence_.table;
    next.pipeline = fence_.pipeline;
    next.owner = fence_.owner;
    next.epoch = fence_.epoch;
    next.slot = fence_.slot;
    next.store_handle = fence_.store_handle;
    next.sequence = fence_.sequence + 1;
    next.table_identity = file.identity;
    *mine = next;
  } else {
    file.last_load = nonce_;
  }
  if (replacing_) {
    std::erase_if(file.checkpoints, [&](const Checkpoint& one) { return one.owner != nonce_; });
  }
  if (AMPLOAD_REPLY_LOST("snapshot.commit.send")) return CommitOutcome(ampload::Unknown{"lost"});
  ARROW_RETURN_NOT_OK(ReplaceTableFile(folder_, file));
  if (AMPLOAD_REPLY_LOST("snapshot.commit.reply")) return CommitOutcome(ampload::Unknown{"lost"});

  ampload::Committed committed;
  for (const auto& batch : staged_) committed.rows += batch->num_rows();
  if (!one_off()) fence_ = *file.FindPipeline(spec_.pipeline);
  Forget();
  return CommitOutcome(committed);
}
