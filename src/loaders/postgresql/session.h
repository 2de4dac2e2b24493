// A visit to one PostgreSQL table: atomic. Undo, rows and checkpoint are one transaction, which is
// opened when there are bytes to send.
//
//   Recover    the fence: the checkpoint's row, in a transaction of its own (pipelines only)
//   Stage      BEGIN where none is open; table made, changed or cleared; batches undone; COPY
//   Commit     end of COPY; upsert and merge: from the staging table into the table; the
//              checkpoint's compare-and-set, which is looked at; COMMIT
//
// A commit whose reply is lost is asked for: a pipeline's by its checkpoint, a one-off load's by
// its transaction id. What a dead session had not committed the server has forgotten by itself.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ampload/write_session.h"
#include "encode/pg/copy_encoder.h"
#include "loaders/postgresql/backends.h"
#include "loaders/postgresql/checkpoint_table.h"
#include "loaders/postgresql/connection.h"
#include "loaders/postgresql/copy_stream.h"
#include "loaders/postgresql/parallel_copy.h"
#include "loaders/postgresql/pg_table.h"
#include "loaders/postgresql/postgresql_config.h"
#include "loaders/postgresql/rows_form.h"

namespace ampload::postgresql {

class PostgresSession final : public WriteSession {
 public:
  // Connects at Recover. `name` is where spec.name leads.
  PostgresSession(PostgreSQLConfig config, TableName name, TableSpec spec);
  ~PostgresSession() override;  // what was not committed is rolled back

  Result<Recovered> Recover(RecoverMode mode, const CallContext& context) override;
  const BatchEncoder* encoder(int table) override;
  Status Stage(StagedBatch batch, const CallContext& context) override;
  void RememberLoad() override { remember_load_ = true; }
  Status Undo(const BatchIdSet& batches, const CallContext& context) override;
  Status Evolve(const SchemaChange& change, const CallContext& context) override;
  [[nodiscard]] Result<CommitOutcome> Commit(const Checkpoint& checkpoint,
                                             const CallContext& context) override;
  Status Abort(const CallContext& context) override;

 private:
  bool one_off() const { return spec_.pipeline.empty(); }
  bool by_key() const { return spec_.mode == LoadMode::kUpsert || spec_.mode == LoadMode::kMerge; }
  std::string At() const { return ": table=" + name_.text(); }  // where, for messages

  Status CheckReady() const;
  Status Connect(const CallContext& context);
  // BEGIN with the settings that our transactions have; `lock_ms`: how long it waits for locks.
  Status Begin(int64_t lock_ms, const CallContext& context);
  std::string BeginSql(int64_t lock_ms) const;
  Status Rollback();  // also where the connection broke: then the server does it

  // take_over.cc
  Result<Recovered> TakeOver(const CallContext& context);
  Status CheckSpec() const;
  Status InstallFence(Recovered* recovered, const CallContext& context);
  // One try, in a transaction: false where somebody holds the row.
  Result<bool> TryFence(Recovered* recovered, const CallContext& context);
  Status EndWhoHoldsTheRow(Recovered* recovered, const CallContext& context);
  Status ClaimSlot(const std::vector<Checkpoint>& others, const CallContext& context);
  Status CheckSameTable(const Checkpoint& checkpoint) const;

  // Reads the table, and judges the rows against it: form_ says how they are written.
  Status LookAtTable(const CallContext& context);
  Status FitRows();
  Status TakeColumns(std::shared_ptr<arrow::Schema> rows);

  // parallel.cc: a new or overwritten table, filled aside over several connections
  bool parallel() const { return spec_.parallel > 1; }
  Status CheckParallel(const CallContext& context);
  Status StartParallel(const CallContext& context);
  Status FinishParallel(const CallContext& context);
  void DropHidden();

  // write.cc: what comes before the rows, and the rows
  Status StartWriting(const CallContext& context);
  Status BeginWriting(const CallContext& context);
  bool EndPredecessor();
  Status PrepareTable(const CallContext& context);
  // Nobody alters the table from here on, and nobody has since it was looked at: what was encoded
  // for its columns may go in. `evolves`: this transaction alters it itself.
  Status HoldTable(bool evolves, const CallContext& context);
  Status MakeBatchIndex(const CallContext& context);
  Status ClearTable(const CallContext& context);
  Status ForgetNeighbours(const CallContext& context);  // an overwrite takes their place
  Status UndoBatches(const CallContext& context);
  // Into this table; `freeze`: nobody sees it before the commit.
  std::string CopyStatement(const TableName& table, bool freeze) const;
  Status MakePartitions(const arrow::RecordBatch& batch, const CallContext& context);
  // Who holds the lock that this failure is about? Ends the transaction.
  Status Located(const Status& failure) const;
  Status ExplainLock(const Status& failure);

  // commit.cc
  Status FinishRows(const CallContext& context);
  Status MoveCheckpoint(const Checkpoint& checkpoint, const CallContext& context);
  Status RememberThisLoad(const CallContext& context);
  Result<CommitOutcome> SendCommit();
  Result<CommitOutcome> Unreached(const Status& failure);
  std::optional<std::string> WhoTookOver();
  void AfterCommit();
  void ForgetStaged();
  void Summarise();

  // settle.cc
  Result<Recovered> Settle(const CallContext& context);
  Result<Recovered> SettleOneOff(const CallContext& context);
  Result<bool> TransactionIsMine(const CallContext& context);
  Result<std::string> Timeline(const CallContext& context);

  PostgreSQLConfig config_;
  TableName name_;
  TableSpec spec_;
  std::unique_ptr<Connection> connection_;
  std::string nonce_;  // this session's own: the owner of its fence, the id of its load
  bool recovered_ = false;
  bool committed_ = false;  // a one-off load has one commit
  bool remember_load_ = false;

  std::optional<Checkpoint> fence_;           // as the store has it, by this session
  std::optional<PgTable> table_;              // as it was found, or committed
  std::string shape_;                         // of table_, or of an older state: see ShapeOf
  bool table_is_empty_ = true;                // known only where a stream's columns are to be added
  std::optional<BackendHandle> predecessor_;  // fenced; ended where its locks are in the way
  bool alone_ = false;      // an upsert or merge stream's table: undo goes by its records
  bool replacing_ = false;  // the next commit clears the table first
  RowsForm form_;
  std::vector<std::unique_ptr<BatchEncoder>> old_encoders_;  // somebody may still use them
  std::unique_ptr<BatchEncoder> encoder_;
  std::shared_ptr<arrow::Schema> committed_rows_;  // spec_.schema before Evolve; null: unchanged

  // The commit at hand.
  bool writing_ = false;  // its transaction is open
  BatchIdSet undo_;
  std::optional<int64_t> batch_;  // by_key streams: the one that is staged
  int64_t staged_rows_ = 0;
  std::optional<CopyStream> copy_;
  std::optional<ParallelCopy> parallel_copy_;
  std::optional<TableName> hidden_;       // made, and not yet in place
  std::string new_comment_;               // that it gets there
  std::string transaction_id_;            // of a one-off load, once it was asked for
  std::string timeline_;                  // of the server then
  std::optional<CommitOutcome> refusal_;  // what the commit returns in place of committing
  std::optional<Checkpoint> next_;        // what a sent COMMIT makes of the fence
  // Values whose partitions are there, in this transaction.
  std::optional<std::pair<int64_t, int64_t>> partitioned_;
  bool asynchronous_ = false;  // the server would answer COMMIT before it is on the disk
  bool has_batch_index_ = false;
  int64_t unsummarised_bytes_ = 0;  // put into the table since its index was brought up to date
};

}  // namespace ampload::postgresql
