// The session's commit: what is left of the rows, the checkpoint's compare-and-set, COMMIT.
#include <chrono>
#include <utility>

#include "ampload/fault_point.h"
#include "ampload/log.h"
#include "loader/fence.h"
#include "loader/row_op.h"
#include "loaders/postgresql/ddl.h"
#include "loaders/postgresql/key_writes.h"
#include "loaders/postgresql/remembered_loads.h"
#include "loaders/postgresql/session.h"
#include "loaders/postgresql/undo_table.h"

namespace ampload::postgresql {
namespace {

// Once COMMIT is sent nothing stops it any more; so long its reply is waited for.
constexpr auto kCommitReply = std::chrono::seconds(60);

// A server that is there answers sooner.
constexpr auto kAskWho = std::chrono::seconds(5);

// The index of batches is brought up to date after so many bytes: 128 pages, one range of it.
constexpr int64_t kSummariseBytes = 1 << 20;

constexpr const char* kOpNames[] = {"insert", "update", "upsert", "delete"};

// After one of these the server may or may not have committed.
bool LeavesItOpen(const Status& status) {
  const auto state = StoreCodeOf(status);
  return state.empty() || state.starts_with("08") || state.starts_with("57P") || state == "40003" ||
         state == "58030";
}

}  // namespace

Result<CommitOutcome> PostgresSession::Commit(const Checkpoint& checkpoint,
                                              const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(context.Check());
  if (committed_) {
    return ConfigurationError("postgresql: a one-off load has one commit; open another session" +
                              At());
  }
  if (!writing_) {
    if (const Status started = StartWriting(context); !started.ok()) return Unreached(started);
  }
  Status status = FinishRows(context);
  if (status.ok())
    status = one_off() ? RememberThisLoad(context) : MoveCheckpoint(checkpoint, context);
  if (!status.ok()) return Unreached(status);
  if (refusal_.has_value()) {
    ARROW_RETURN_NOT_OK(Abort(context));
    return *std::exchange(refusal_, std::nullopt);
  }
  return SendCommit();
}

// Nothing has been committed, whatever it was.
Result<CommitOutcome> PostgresSession::Unreached(const Status& failure) {
  if (KindOf(failure) == FailureKind::kConflict) {
    ARROW_RETURN_NOT_OK(Abort(CallContext{}));
    return CommitOutcome(Conflict{MessageOf(failure)});
  }
  ARROW_RETURN_NOT_OK(Rollback());
  // A session that was taken over is ended where it is in the way: that is why its connection
  // broke.
  if (KindOf(failure) != FailureKind::kTransient) return Located(failure);
  if (auto by = WhoTookOver(); by.has_value()) return CommitOutcome(Fenced{*std::move(by)});
  return Located(failure);
}

// Nullopt also where the server cannot be asked.
std::optional<std::string> PostgresSession::WhoTookOver() {
  if (one_off() || !AMPLOAD_SAFEGUARD("fence")) return std::nullopt;
  const CallContext soon{{}, std::chrono::steady_clock::now() + kAskWho};
  if (!Connect(soon).ok()) return std::nullopt;
  const auto now = CheckpointTable(*connection_, name_.schema)
                       .Read(name_.name, spec_.pipeline, /*lock=*/false, soon);
  if (!now.ok() || !now->has_value()) return std::nullopt;
  const auto& found = **now;
  if (found.owner == fence_->owner || found.epoch < fence_->epoch) return std::nullopt;
  return found.store_handle;
}

Status PostgresSession::FinishRows(const CallContext& context) {
  if (parallel()) return FinishParallel(context);
  const Status sent = copy_->End(context);
  if (!sent.ok()) return ExplainLock(sent);
  if (!by_key() || staged_rows_ == 0) return Status::OK();
  const bool has_ops = OpColumnOf(spec_).has_value();
  const KeyWrites writes(spec_, name_, form_, has_ops);
  ARROW_RETURN_NOT_OK(connection_->Run(
      "ANALYZE pg_temp." + Quoted(kStageTable) + " (" + QuotedList(spec_.keys) + ")", context));
  if (const auto find = writes.FindWrongOp(); !find.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto wrong, connection_->Query(find, context));
    if (!wrong.empty()) {
      const bool was_there = wrong.boolean(0, 2);
      return DataError(
          "postgresql: a row's _op is " + std::string(kOpNames[wrong.integer(0, 1)]) +
          (was_there ? ", and its key is there already" : ", and there is no row of its key") +
          At() + " " + std::string(wrong.text(0, 3)) +
          " row=" + std::to_string(wrong.integer(0, 0) - 1));
    }
  }
  if (spec_.streaming && batch_.has_value() && AMPLOAD_SAFEGUARD("undo_log")) {
    ARROW_RETURN_NOT_OK(connection_
                            ->Query(writes.NoteBefore(UndoTable(*connection_, name_).name()),
                                    {name_.name, spec_.pipeline, std::to_string(*batch_)}, context)
                            .status());
  }
  for (const auto& statement : writes.Apply()) {
    const Status applied = connection_->Run(statement, context);
    if (!applied.ok()) return ExplainLock(applied);
  }
  return Status::OK();
}

// The compare-and-set. Where it does not take effect, refusal_ says what the commit's outcome is.
Status PostgresSession::MoveCheckpoint(const Checkpoint& checkpoint, const CallContext& context) {
  CheckpointTable checkpoints(*connection_, name_.schema);
  next_ = UnderFence(checkpoint, *fence_, table_.has_value() ? std::to_string(table_->oid) : "");
  if (!table_.has_value()) {
    ARROW_ASSIGN_OR_RAISE(const auto made,
                          connection_->Query("SELECT $1::regclass::oid", {name_.sql()}, context));
    next_->table_identity = std::string(made.text(0, 0));
  }
  if (alone_) {
    BatchIdSet undoable;
    for (const auto& entry : next_->ladder) undoable.insert(entry.batch);
    ARROW_RETURN_NOT_OK(UndoTable(*connection_, name_).ForgetFinal(undoable, context));
  }
  AMPLOAD_FAULT_POINT("postgresql.cas.before");
  auto advanced = checkpoints.Advance(*fence_, *next_, context);
  if (!advanced.ok()) return ExplainLock(advanced.status());
  AMPLOAD_FAULT_POINT("postgresql.cas.after");
  if (*advanced) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto now,
                        checkpoints.Read(name_.name, spec_.pipeline, /*lock=*/false, context));
  refusal_ = RefusalOf("the database", *fence_, now);
  return Status::OK();
}

Status PostgresSession::RememberThisLoad(const CallContext& context) {
  if (const auto statements = AfterLoadStatements(name_, config_); !statements.empty()) {
    const Status done = connection_->Run(statements, context);
    if (!done.ok()) return WithContext(done, "in the option after_load");
  }
  if (remember_load_) {
    ARROW_RETURN_NOT_OK(RememberLoadId(*connection_, name_, nonce_, context));
  }
  // By these two the server can say later whether this transaction was committed.
  ARROW_ASSIGN_OR_RAISE(timeline_, Timeline(context));
  ARROW_ASSIGN_OR_RAISE(
      const auto id, connection_->Query("SELECT pg_catalog.pg_current_xact_id()::text", context));
  transaction_id_ = std::string(id.text(0, 0));
  return Status::OK();
}

Result<CommitOutcome> PostgresSession::SendCommit() {
  const CallContext patient{{}, std::chrono::steady_clock::now() + kCommitReply};
  AMPLOAD_FAULT_POINT("postgresql.commit.before");
  if (AMPLOAD_REPLY_LOST("postgresql.commit.send")) {
    connection_.reset();
    return CommitOutcome(Unknown{"the commit was lost on its way"});
  }
  auto sent = connection_->Query("COMMIT", patient);
  AMPLOAD_FAULT_POINT("postgresql.commit.after");
  if (sent.ok() && AMPLOAD_REPLY_LOST("postgresql.commit.reply")) {
    connection_.reset();
    return CommitOutcome(Unknown{"the commit's reply was lost"});
  }
  if (!sent.ok()) {
    if (connection_->is_alive() && !LeavesItOpen(sent.status())) {
      return Unreached(sent.status());  // a deferred constraint, most often
    }
    connection_.reset();
    return CommitOutcome(Unknown{MessageOf(sent.status())});
  }
  if (sent->command() != "COMMIT") {
    return Unreached(PermanentError("postgresql: the server rolled the transaction back" + At()));
  }
  const Committed committed{staged_rows_};
  AfterCommit();
  Summarise();
  return CommitOutcome(committed);
}

void PostgresSession::AfterCommit() {
  hidden_.reset();
  const bool table_changed =
      !table_.has_value() || !form_.change.added.empty() || !form_.change.widened.empty();
  if (!one_off()) fence_ = std::move(next_);
  ForgetStaged();
  writing_ = false;
  replacing_ = false;
  spec_.reset_pipeline = false;
  committed_ = one_off();
  committed_rows_.reset();
  // What was made is there now; the encoder stays, it knows the columns already.
  if (table_changed && connection_ != nullptr) {
    auto shape = ShapeOf(*connection_, name_, CallContext{});
    auto described = DescribeTable(*connection_, name_, CallContext{});
    if (shape.ok()) shape_ = *std::move(shape);
    if (described.ok() && described->has_value()) {
      table_ = std::move(*described);
    } else {
      connection_.reset();  // the next commit finds it gone, and asks anew
    }
    table_is_empty_ = false;
    form_.change = {};
    form_.evolution.clear();
  }
}

// New pages are not in the BRIN index of the batches until it is brought up to date; autovacuum may
// be long in coming. Where this fails undo is slower, and nothing else.
void PostgresSession::Summarise() {
  if (!spec_.streaming || unsummarised_bytes_ < kSummariseBytes || connection_ == nullptr) return;
  unsummarised_bytes_ = 0;
  const auto done = connection_->Query(
      "SELECT pg_catalog.brin_summarize_new_values(i.indexrelid) FROM pg_catalog.pg_index i JOIN "
      "pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = c.relam "
      "WHERE (i.indrelid = pg_catalog.to_regclass($1) OR i.indrelid IN (SELECT p.relid FROM "
      "pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1)) p)) AND m.amname = 'brin' AND "
      "c.relkind = 'i'",
      {name_.sql()}, CallContext{});
  if (!done.ok()) LogDebug("postgresql", MessageOf(done.status()));
}

}  // namespace ampload::postgresql
