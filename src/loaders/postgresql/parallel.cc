// The session's loads over several connections: a table aside, and its way into place.
#include <algorithm>
#include <utility>

#include "ampload/fault_point.h"
#include "ampload/log.h"
#include "loader/row_op.h"
#include "loaders/postgresql/ddl.h"
#include "loaders/postgresql/hidden_table.h"
#include "loaders/postgresql/session.h"

namespace ampload::postgresql {
namespace {

// What may wait for the workers, where the caller sets no bound.
constexpr int64_t kQueueBytes = 64 << 20;

}  // namespace

Status PostgresSession::CheckParallel(const CallContext& context) {
  if (!parallel() || !table_.has_value()) return Status::OK();
  if (replacing_) return CheckReplaceable(*connection_, *table_, context);
  return ConfigurationError(
      "postgresql: --parallel fills a new or overwritten table, and this one is there: take --mode "
      "overwrite, or leave --parallel out" +
      At());
}

Status PostgresSession::StartParallel(const CallContext& context) {
  const TableName hidden = HiddenNameFor(name_, nonce_);
  ARROW_ASSIGN_OR_RAISE(const auto backend, DescribeBackend(*connection_, context));
  if (backend.pid == 0) {
    return ConfigurationError(
        "postgresql: --parallel needs a connection of its own to the server, and a pooler stands "
        "in "
        "between; connect past it, or leave --parallel out" +
        At());
  }
  ARROW_RETURN_NOT_OK(Begin(config_.lock_timeout, context));
  if (table_.has_value()) {
    ARROW_RETURN_NOT_OK(MakeLike(*connection_, hidden, *table_, context));
    PgTable alike = *table_;
    alike.name = hidden;
    ARROW_ASSIGN_OR_RAISE(const auto evolve, EvolveStatement(alike, form_.change));
    if (!evolve.empty()) ARROW_RETURN_NOT_OK(connection_->Run(evolve, context));
  } else {
    ARROW_ASSIGN_OR_RAISE(const auto stored, StoredSchema(spec_));
    ARROW_ASSIGN_OR_RAISE(const auto made, TableFor(spec_, hidden, *stored, config_));
    for (const auto& statement :
         CreateStatements(made, config_, /*streaming=*/false, connection_->server_version())) {
      ARROW_RETURN_NOT_OK(connection_->Run(statement, context));
    }
    new_comment_ = made.comment;
  }
  ARROW_RETURN_NOT_OK(MarkHidden(*connection_, hidden, name_, backend, context));
  AMPLOAD_FAULT_POINT("postgresql.hidden.before");
  hidden_ = hidden;
  ARROW_RETURN_NOT_OK(connection_->Run("COMMIT", context));
  AMPLOAD_FAULT_POINT("postgresql.hidden.after");
  ParallelPlan plan;
  ARROW_ASSIGN_OR_RAISE(plan.keywords, config_.keywords());
  plan.begin = BeginSql(config_.lock_timeout);
  plan.copy_statement = CopyStatement(hidden, /*freeze=*/false);
  plan.where = At();
  plan.workers = spec_.parallel;
  plan.flush_bytes = config_.flush_bytes;
  plan.queue_bytes = spec_.staging_bytes > 0 ? spec_.staging_bytes / 2 : kQueueBytes;
  parallel_copy_.emplace(std::move(plan));
  return Status::OK();
}

Status PostgresSession::FinishParallel(const CallContext& context) {
  ARROW_RETURN_NOT_OK(parallel_copy_->Finish(context));
  parallel_copy_.reset();
  ARROW_RETURN_NOT_OK(Begin(config_.lock_timeout, context));
  if (!table_.has_value()) {
    // Another load may have made it meanwhile; then nobody's rows are lost.
    ARROW_ASSIGN_OR_RAISE(const auto there,
                          connection_->Query("SELECT pg_catalog.to_regclass($1) IS NOT NULL",
                                             {name_.sql()}, context));
    if (there.boolean(0, 0)) {
      return ConflictError("postgresql: another load has made the table" + At());
    }
  }
  const Status placed = PutInPlace(*connection_, *hidden_, name_,
                                   table_.has_value() ? &*table_ : nullptr, new_comment_, context);
  if (!placed.ok()) return ExplainLock(placed);
  return replacing_ ? ForgetNeighbours(context) : Status::OK();
}

// After a load that was given up. Where this fails the next load into the table does it.
void PostgresSession::DropHidden() {
  const TableName hidden = *std::exchange(hidden_, std::nullopt);
  Status dropped = Connect(CallContext{});
  if (dropped.ok()) {
    dropped = connection_->Run("DROP TABLE IF EXISTS " + hidden.sql(), CallContext{});
  }
  if (!dropped.ok()) {
    LogWarning("postgresql", "what was filled aside stays until the next load into the table: " +
                                 hidden.text() + ": " + MessageOf(dropped));
  }
}

}  // namespace ampload::postgresql
