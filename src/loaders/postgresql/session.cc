#include "loaders/postgresql/session.h"

#include <utility>

#include "ampload/fault_point.h"
#include "ampload/log.h"
#include "base/random.h"
#include "loader/row_op.h"
#include "loader/schema_change.h"
#include "loaders/postgresql/ddl.h"

namespace ampload::postgresql {

PostgresSession::PostgresSession(PostgreSQLConfig config, TableName name, TableSpec spec)
    : config_(std::move(config)),
      name_(std::move(name)),
      spec_(std::move(spec)),
      nonce_(base::RandomNonce()) {}

PostgresSession::~PostgresSession() {
  parallel_copy_.reset();
  if (hidden_.has_value()) DropHidden();
}

const BatchEncoder* PostgresSession::encoder(int /*table*/) { return encoder_.get(); }

Status PostgresSession::CheckReady() const {
  if (!recovered_) return ConfigurationError("postgresql: call Recover(kTakeOver) first" + At());
  return Status::OK();
}

Status PostgresSession::Connect(const CallContext& context) {
  if (connection_ != nullptr && connection_->is_alive()) return Status::OK();
  connection_.reset();
  ARROW_ASSIGN_OR_RAISE(const auto keywords, config_.keywords());
  ARROW_ASSIGN_OR_RAISE(connection_, Connection::Open(keywords, context));
  const auto setting = connection_->Query("SHOW synchronous_commit", context);
  if (!setting.ok()) connection_.reset();
  ARROW_RETURN_NOT_OK(setting.status());
  asynchronous_ = setting->text(0, 0) == "off";
  return Status::OK();
}

Status PostgresSession::Begin(int64_t lock_ms, const CallContext& context) {
  const Status begun = connection_->Run(BeginSql(lock_ms), context);
  if (StoreCodeOf(begun) != "0A000") return begun;
  return TransientError("postgresql: the server is a standby, which takes no writes" + At(),
                        "0A000");
}

// Whatever the role's or the database's own settings are. What is written as text (undo records)
// must be read as the same value: no setting may round it.
std::string PostgresSession::BeginSql(int64_t lock_ms) const {
  return "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL statement_timeout = 0; SET "
         "LOCAL lock_timeout = " +
         std::to_string(lock_ms) + "; SET LOCAL idle_in_transaction_session_timeout = " +
         std::to_string(config_.idle_timeout) +
         "; SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = 'hex'; SET LOCAL DateStyle "
         "= 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'" +
         (asynchronous_ ? "; SET LOCAL synchronous_commit = on" : "");
}

Status PostgresSession::Rollback() {
  writing_ = false;
  copy_.reset();
  parallel_copy_.reset();
  if (connection_ == nullptr) return Status::OK();
  Status status = connection_->FailCopy("the load was given up");
  if (status.ok() && connection_->is_alive() && connection_->in_transaction()) {
    status = connection_->Run("ROLLBACK", CallContext{});
  }
  // A connection that cannot even do that is closed; the server rolls back by itself.
  if (!status.ok() || !connection_->is_alive()) connection_.reset();
  if (hidden_.has_value()) DropHidden();
  return Status::OK();
}

Status PostgresSession::Stage(StagedBatch batch, const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(context.Check());
  if (committed_) {
    return ConfigurationError("postgresql: a one-off load has one commit; open another session" +
                              At());
  }
  if (by_key() && spec_.streaming && batch_.has_value() && *batch_ != batch.id.value()) {
    return ConfigurationError(
        "postgresql: an upsert or merge stream commits one batch at a time; commit the one before "
        "first" +
        At() + " pipeline=" + spec_.pipeline);
  }
  if (spec_.undo_only) {
    return ConfigurationError("postgresql: this session only undoes" + At());
  }
  if (batch.encoded == nullptr) {
    ARROW_ASSIGN_OR_RAISE(batch.encoded, encoder_->Encode(batch));
  }
  const auto& tuples = static_cast<const EncodedTuples&>(*batch.encoded);
  if (tuples.made_by != encoder_.get()) {
    return ConfigurationError(
        "postgresql: a batch was encoded before the columns changed; encode it again" + At());
  }
  if (!writing_) ARROW_RETURN_NOT_OK(StartWriting(context));
  batch_ = batch.id.value();
  const int64_t rows = batch.batch->num_rows();
  if (rows == 0) return Status::OK();
  if (!config_.partition_by.empty()) ARROW_RETURN_NOT_OK(MakePartitions(*batch.batch, context));
  staged_rows_ += rows;
  TupleRun run{tuples.bytes, rows, batch.first_row, batch.origin};
  if (parallel()) return parallel_copy_->Put(std::move(run), context);
  unsummarised_bytes_ += tuples.bytes->size();
  const Status put = copy_->Put(run, context);
  return put.ok() ? put : ExplainLock(put);
}

Status PostgresSession::Undo(const BatchIdSet& batches, const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(context.Check());
  if (!spec_.streaming) {
    return ConfigurationError("postgresql: only a stream's batches can be undone" + At());
  }
  if (writing_) {
    return ConfigurationError("postgresql: undo comes before any stage of the same commit" + At());
  }
  undo_.insert(batches.begin(), batches.end());
  return Status::OK();
}

void PostgresSession::ForgetStaged() {
  undo_.clear();
  batch_.reset();
  staged_rows_ = 0;
  copy_.reset();
  transaction_id_.clear();
  next_.reset();
  partitioned_.reset();
}

Status PostgresSession::Abort(const CallContext& /*context*/) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(Rollback());
  ForgetStaged();
  if (committed_rows_ == nullptr) return Status::OK();
  return TakeColumns(std::exchange(committed_rows_, nullptr));
}

Status PostgresSession::Evolve(const SchemaChange& change, const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(context.Check());
  if (committed_ || writing_) {
    return ConfigurationError(
        "postgresql: columns change between commits only; commit or abort first" + At());
  }
  auto changed = ChangedRows(*spec_.schema, change, At());
  if (!changed.ok()) return WithContext(changed.status(), "postgresql");
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

Status PostgresSession::TakeColumns(std::shared_ptr<arrow::Schema> rows) {
  spec_.schema = std::move(rows);
  return FitRows();
}

Status PostgresSession::LookAtTable(const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(shape_, ShapeOf(*connection_, name_, context));
  ARROW_ASSIGN_OR_RAISE(table_, DescribeTable(*connection_, name_, context));
  table_is_empty_ = true;
  if (!table_.has_value()) {
    if (!spec_.create_table) {
      return ConfigurationError("postgresql: the table is missing and is not to be made" + At());
    }
    ARROW_ASSIGN_OR_RAISE(
        const auto schemas,
        connection_->Query("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1",
                           {name_.schema}, context));
    if (schemas.empty()) {
      return ConfigurationError(
          "postgresql: there is no such schema; make it first: CREATE SCHEMA " +
          Quoted(name_.schema) + At());
    }
  } else if (spec_.streaming && table_->Find(kBatchIdColumn) == nullptr &&
             (table_->kind == 'r' || table_->kind == 'p')) {
    ARROW_ASSIGN_OR_RAISE(
        const auto rows,
        connection_->Query("SELECT EXISTS (SELECT 1 FROM " + name_.sql() + ")", context));
    table_is_empty_ = !rows.boolean(0, 0);
  }
  return FitRows();
}

Status PostgresSession::FitRows() {
  if (spec_.undo_only) return Status::OK();
  RowsForm form;
  if (table_.has_value()) {
    ARROW_ASSIGN_OR_RAISE(form, FitRowsToTable(spec_, *table_, table_is_empty_ || replacing_));
  } else {
    ARROW_ASSIGN_OR_RAISE(const auto stored, StoredSchema(spec_));
    ARROW_ASSIGN_OR_RAISE(const auto made, TableFor(spec_, name_, *stored, config_));
    ARROW_ASSIGN_OR_RAISE(form, FormOfNewTable(spec_, made.columns));
  }
  // Rows that wait encoded are as good as before.
  const bool same = encoder_ != nullptr && SameColumns(form_, form);
  form_ = std::move(form);
  if (same) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto encoder, MakeTupleEncoder(spec_, form_, name_.text()));
  if (encoder_ != nullptr) old_encoders_.push_back(std::move(encoder_));
  encoder_ = std::move(encoder);
  return Status::OK();
}

}  // namespace ampload::postgresql
