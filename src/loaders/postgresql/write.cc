// A commit's transaction up to its rows: the table made, changed or cleared, batches undone, COPY.
#include <arrow/compute/api.h>

#include <algorithm>
#include <utility>

#include "ampload/fault_point.h"
#include "ampload/log.h"
#include "loader/row_op.h"
#include "loaders/postgresql/ddl.h"
#include "loaders/postgresql/key_writes.h"
#include "loaders/postgresql/partitions.h"
#include "loaders/postgresql/session.h"
#include "loaders/postgresql/undo_table.h"

namespace ampload::postgresql {
namespace {

constexpr std::string_view kLockNotAvailable = "55P03";

// Somebody made it since we looked: before, or at the same moment.
bool IsThereAlready(const Status& status) {
  const auto state = StoreCodeOf(status);
  return state == "42P07" || state == "23505";
}

}  // namespace

// A session that was fenced in the middle of a commit can no longer commit, and holds its locks all
// the same. True: it is gone.
bool PostgresSession::EndPredecessor() {
  if (!predecessor_.has_value() || connection_ == nullptr) return false;
  const auto ended = EndBackend(*connection_, *predecessor_, CallContext{});
  if (!ended.ok()) {
    LogWarning("postgresql", MessageOf(ended.status()));
  } else if (*ended) {
    LogInfo("postgresql", "a fenced session that held locks was ended: " + predecessor_->ToText());
  }
  predecessor_.reset();
  return ended.ok() && *ended;
}

// The server's own words seldom have the table, and never its schema.
Status PostgresSession::Located(const Status& failure) const {
  const std::string where = "table=" + name_.text();
  if (failure.ok() || failure.message().find(where) != std::string::npos) return failure;
  return failure.WithMessage(failure.message(), " ", where);
}

// A lock that somebody else keeps: who?
Status PostgresSession::ExplainLock(const Status& failure) {
  if (StoreCodeOf(failure) != kLockNotAvailable) return Located(failure);
  if (!Rollback().ok() || connection_ == nullptr) return failure;
  if (EndPredecessor()) return TransientError(MessageOf(failure), StoreCodeOf(failure));
  const auto blockers = DescribeTableBlockers(*connection_, name_, CallContext{});
  const std::string who = blockers.ok() && !blockers->empty() ? " held_by=" + *blockers : "";
  return TransientError(
      "postgresql: another session holds a lock on the table; end it, or wait longer with the "
      "option lock_timeout" +
          At() + " lock_timeout_ms=" + std::to_string(config_.lock_timeout) + who,
      StoreCodeOf(failure));
}

Status PostgresSession::StartWriting(const CallContext& context) {
  if (connection_ == nullptr || !connection_->is_alive()) {
    // What this load has of its place in the table may be out of date: only Recover may reconnect.
    return TransientError("postgresql: the connection is gone" + At(), "08003");
  }
  Status status = BeginWriting(context);
  if (StoreCodeOf(status) == kLockNotAvailable && predecessor_.has_value()) {
    ARROW_RETURN_NOT_OK(Rollback());
    if (EndPredecessor()) status = BeginWriting(context);
  }
  return status.ok() ? status : ExplainLock(status);
}

Status PostgresSession::BeginWriting(const CallContext& context) {
  writing_ = true;
  if (parallel()) return StartParallel(context);
  ARROW_RETURN_NOT_OK(Begin(config_.lock_timeout, context));
  ARROW_RETURN_NOT_OK(PrepareTable(context));
  if (!undo_.empty()) ARROW_RETURN_NOT_OK(UndoBatches(context));
  // Into a plain table that this transaction makes rows can be frozen at once: nobody sees it yet.
  const bool freeze = !table_.has_value() && config_.partition_by.empty() && !spec_.streaming;
  copy_.emplace(*connection_, CopyStatement(name_, freeze), At(), config_.flush_bytes);
  return Status::OK();
}

Status PostgresSession::PrepareTable(const CallContext& context) {
  CheckpointTable checkpoints(*connection_, name_.schema);
  if (!table_.has_value()) {
    ARROW_ASSIGN_OR_RAISE(const auto stored, StoredSchema(spec_));
    ARROW_ASSIGN_OR_RAISE(const auto made, TableFor(spec_, name_, *stored, config_));
    for (const auto& statement :
         CreateStatements(made, config_, spec_.streaming, connection_->server_version())) {
      const Status done = connection_->Run(statement, context);
      if (IsThereAlready(done)) {
        return ConflictError("postgresql: another load has made the table meanwhile" + At(),
                             StoreCodeOf(done));
      }
      ARROW_RETURN_NOT_OK(done);
    }
  } else {
    ARROW_ASSIGN_OR_RAISE(const auto evolve, EvolveStatement(*table_, form_.change));
    ARROW_RETURN_NOT_OK(HoldTable(!evolve.empty(), context));
    if (!evolve.empty()) ARROW_RETURN_NOT_OK(connection_->Run(evolve, context));
    if (spec_.streaming) ARROW_RETURN_NOT_OK(MakeBatchIndex(context));
  }
  if (replacing_) ARROW_RETURN_NOT_OK(ClearTable(context));
  if (!by_key()) return Status::OK();
  const KeyWrites writes(spec_, name_, form_, OpColumnOf(spec_).has_value());
  for (const auto& statement : writes.MakeStage()) {
    ARROW_RETURN_NOT_OK(connection_->Run(statement, context));
  }
  return Status::OK();
}

Status PostgresSession::HoldTable(bool evolves, const CallContext& context) {
  // At once the strongest that is needed: two who both want more would wait for each other. An
  // overwrite lets writers go first whose rows its DELETE would not see.
  const char* mode = evolves      ? "ACCESS EXCLUSIVE"
                     : replacing_ ? "SHARE ROW EXCLUSIVE"
                                  : "ROW EXCLUSIVE";
  const bool may_be_locked = table_->kind == 'r' || table_->kind == 'p';
  // New partitions need more than that, and nobody knows which yet.
  const bool waits_for_partitions = !config_.partition_by.empty() && !evolves && !replacing_;
  if (may_be_locked && !waits_for_partitions) {
    ARROW_RETURN_NOT_OK(
        connection_->Run("LOCK TABLE " + name_.sql() + " IN " + mode + " MODE", context));
  }
  ARROW_ASSIGN_OR_RAISE(const auto shape, ShapeOf(*connection_, name_, context));
  if (shape == shape_) return Status::OK();
  return ConflictError(
      "postgresql: somebody has altered or replaced the table since it was looked at; load again" +
      At());
}

// A table that was there before the stream may have no index on its batches.
Status PostgresSession::MakeBatchIndex(const CallContext& context) {
  if (has_batch_index_) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      connection_->Query(
          "SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = "
          "i.indrelid AND a.attnum = i.indkey[0] WHERE i.indrelid = $1::oid AND i.indisvalid AND "
          "i.indpred IS NULL AND a.attname = $2",
          {std::to_string(table_->oid), kBatchIdColumn}, context));
  if (rows.empty()) {
    ARROW_RETURN_NOT_OK(
        connection_->Run(BatchIndexStatement(name_, connection_->server_version()), context));
  }
  has_batch_index_ = true;
  return Status::OK();
}

Status PostgresSession::ClearTable(const CallContext& context) {
  if (table_.has_value()) {
    ARROW_RETURN_NOT_OK(connection_->Run(
        (config_.overwrite == "truncate" ? "TRUNCATE " : "DELETE FROM ") + name_.sql(), context));
  }
  return ForgetNeighbours(context);
}

Status PostgresSession::ForgetNeighbours(const CallContext& context) {
  UndoTable undo(*connection_, name_);
  ARROW_ASSIGN_OR_RAISE(const bool has_records, undo.Exists(context));
  if (has_records) ARROW_RETURN_NOT_OK(undo.ForgetAll(context));
  CheckpointTable checkpoints(*connection_, name_.schema);
  ARROW_ASSIGN_OR_RAISE(const bool has_checkpoints, checkpoints.Exists(context));
  if (!has_checkpoints) return Status::OK();
  if (!spec_.force) {
    ARROW_ASSIGN_OR_RAISE(const auto all, checkpoints.ReadAll(name_.name, context));
    for (const auto& one : all) {
      if (one.pipeline == spec_.pipeline) continue;
      return ConflictError(
          "postgresql: another pipeline has begun to write this table; nothing was changed" + At() +
          " pipeline=" + one.pipeline);
    }
  }
  return checkpoints.RemoveOthers(name_.name, spec_.pipeline, context);
}

Status PostgresSession::UndoBatches(const CallContext& context) {
  if (!AMPLOAD_SAFEGUARD("undo_log") || !table_.has_value()) return Status::OK();
  AMPLOAD_FAULT_POINT("postgresql.undo.before");
  if (alone_) {
    ARROW_RETURN_NOT_OK(UndoTable(*connection_, name_).TakeBack(*table_, undo_, context));
  } else {
    std::string ids;
    for (const auto id : undo_) ids += (ids.empty() ? "" : ",") + std::to_string(id.value());
    // The planner knows little of a table that has just grown; the index is the way, always.
    ARROW_RETURN_NOT_OK(connection_->Run("SET LOCAL enable_seqscan = off", context));
    ARROW_RETURN_NOT_OK(
        connection_
            ->Query("DELETE FROM " + name_.sql() + " WHERE " + Quoted(kBatchIdColumn) +
                        " BETWEEN " + std::to_string(undo_.begin()->value()) + " AND " +
                        std::to_string(undo_.rbegin()->value()) + " AND " + Quoted(kBatchIdColumn) +
                        " = ANY ('{" + ids + "}'::bigint[])",
                    context)
            .status());
    ARROW_RETURN_NOT_OK(connection_->Run("SET LOCAL enable_seqscan = on", context));
  }
  AMPLOAD_FAULT_POINT("postgresql.undo.after");
  return Status::OK();
}

std::string PostgresSession::CopyStatement(const TableName& table, bool freeze) const {
  if (spec_.undo_only) return {};  // rows are refused before any COPY
  std::string target = table.sql() + " (" + QuotedList(form_.stored->field_names()) + ")";
  if (by_key()) {
    target = KeyWrites(spec_, name_, form_, OpColumnOf(spec_).has_value()).StageTarget();
  }
  return "COPY " + target + " FROM STDIN (FORMAT binary" + (freeze && !by_key() ? ", FREEZE" : "") +
         ")";
}

Status PostgresSession::MakePartitions(const arrow::RecordBatch& batch,
                                       const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto by, ParsePartitionBy(config_.partition_by));
  const auto column = batch.GetColumnByName(by->column);
  if (column == nullptr) {
    return ConfigurationError("postgresql: the rows lack the column of partition_by" + At() +
                              " column=" + by->column);
  }
  ARROW_ASSIGN_OR_RAISE(const auto numbers, arrow::compute::Cast(*column, arrow::int64()));
  ARROW_ASSIGN_OR_RAISE(const auto ends, arrow::compute::MinMax(numbers));
  const auto& pair = ends.scalar_as<arrow::StructScalar>();
  const auto& low = static_cast<const arrow::Int64Scalar&>(*pair.value[0]);
  const auto& high = static_cast<const arrow::Int64Scalar&>(*pair.value[1]);
  if (!low.is_valid) return Status::OK();  // nulls alone: the server says what it thinks of them
  if (partitioned_.has_value() && low.value >= partitioned_->first &&
      high.value <= partitioned_->second) {
    return Status::OK();
  }
  ARROW_RETURN_NOT_OK(copy_->End(context));
  ARROW_RETURN_NOT_OK(
      EnsurePartitions(*connection_, name_, *by, low.value, high.value, config_, context).status());
  partitioned_ = {low.value, high.value};
  return Status::OK();
}

}  // namespace ampload::postgresql
