// A visit to one LMDB table: journaled, and atomic when it fits one step.
//
//   Recover    open-load record (one-off) or fence (pipeline)      one transaction
//   Stage      rows wait in memory; every step_bytes a step:       one transaction, rows + record
//   Commit     the last rows + checkpoint + end of the record      one transaction
//              (overwrite in steps: rows are in a hidden table, which the commit exchanges with the
//              old one)
//
// A dead load's steps are undone by the next Recover of anybody who wants the table.
//
// Upsert and merge: the rows of one key apply in their order within a commit, also across its
// steps. A stream of them has its table for itself and commits one batch at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/type_plan.h"
#include "ampload/write_session.h"
#include "loader/neighbours.h"
#include "loaders/lmdb/catalog.h"
#include "loaders/lmdb/environment.h"
#include "loaders/lmdb/lmdb_config.h"
#include "loaders/lmdb/load_lock.h"
#include "loaders/lmdb/row_encoder.h"
#include "loaders/lmdb/staging.h"

namespace ampload::lmdb {

class LmdbSession final : public WriteSession {
 public:
  // Writes nothing yet.
  LmdbSession(LMDBConfig config, TableSpec spec);
  ~LmdbSession() override;  // undoes what was not committed

  Result<Recovered> Recover(RecoverMode mode, const CallContext& context) override;
  const BatchEncoder* encoder(int table) override;
  Status Stage(StagedBatch batch, const CallContext& context) override;
  void RememberLoad() override { remember_load_ = true; }
  Status Undo(const BatchIdSet& batches, const CallContext& context) override;
  Status Evolve(const SchemaChange& change, const CallContext& context) override;
  [[nodiscard]] Result<CommitOutcome> Commit(const Checkpoint& checkpoint,
                                             const CallContext& context) override;
  Status Abort(const CallContext& context) override;

  // See Loader::PlanTable. In place of Recover; `environment` is null where none is there yet.
  Result<TablePlan> Plan(std::shared_ptr<Environment> environment,
                         const arrow::RecordBatch* sample);

 private:
  bool one_off() const { return spec_.pipeline.empty(); }
  bool by_key() const { return spec_.mode == LoadMode::kUpsert || spec_.mode == LoadMode::kMerge; }
  // Its rows may take the place of others.
  bool replaces() const { return MayReplaceRows(spec_); }

  std::string RuleInWords() const;  // plan.cc

  // take_over.cc
  Result<Recovered> TakeOver();
  Status CheckSpec() const;
  Status RefuseWhereALiveLoadHoldsTheTable();
  Status InstallFence(Transaction& txn, Recovered* recovered);
  Status InstallPipeline(Catalog& catalog, const std::vector<Checkpoint>& others,
                         Recovered* recovered);
  // May this session write beside those pipelines?
  Status CheckNeighbours(Catalog& catalog, const std::vector<Checkpoint>& others);
  // A stream may take back the rows under ours, and ours with them.
  Status RefuseBesideAStream(Catalog& catalog) const;

  // table_fit.cc: does what the session wants fit the table that is there?
  Status CheckTable(Transaction& txn, Catalog& catalog);
  Status ChooseKey();
  Status ChooseFormat();
  // Do the rows fit, as they are or after evolution? Then evolved_schema_ is what the table will
  // have.
  Status CheckSchema(const TableRecord& record);
  // The rows' columns as far as they must be those of `table`.
  std::shared_ptr<arrow::Schema> ColumnsAgainst(const arrow::Schema& table) const;
  // The table's columns, in which only a row that deletes may be null.
  std::vector<std::string> NeverNullIn(const arrow::Schema& table) const;
  Status MakeEncoder();
  // Another pipeline may have made the table since, or changed its columns: takes it as it is now,
  // or refuses.
  Status RefreshTable(Catalog& catalog);
  void ForgetTable();  // the next commit makes it

  // evolve.cc
  Status TakeColumns(std::shared_ptr<arrow::Schema> rows);
  Status ForgetEvolution();

  // settle.cc
  Result<Recovered> Settle();
  Result<Recovered> SettleOneOff(Catalog& catalog);

  // session.cc
  Status CheckReady() const;
  // Environment::Write, once no dead load stands in the way; what was undone for that goes to
  // `cleaned_up`.
  Status WriteWhenClear(int64_t bytes, bool take_over, std::string* cleaned_up,
                        const std::function<Status(Transaction&)>& body);
  // OK while the fence is this session's; else `refusal_` says what a commit returns.
  Status CheckFence(Catalog& catalog);
  Status CheckRoom() const;
  // What the staged rows and the transaction that puts them will hold in memory, at most.
  int64_t MemoryOfStep() const;
  int64_t MemoryLimit() const;
  int64_t RowsAtOnce(const EncodedPairs& pairs) const;
  int64_t CopiedBytes() const;
  bool StepIsFull() const;
  // What MemoryOfStep goes by, as the transaction sees the table of the next step.
  Status MeasureTable(Transaction& txn, MDB_dbi dbi);
  Status FlushStep();
  Status PutStep(Transaction& txn, OpenLoad* load);
  PutPlan PlanFor(MDB_dbi table) const;

  // commit.cc
  Status CommitIn(Transaction& txn, const Checkpoint& checkpoint, std::optional<Checkpoint>* fence);
  Status ReplaceTable(Transaction& txn, Catalog& catalog);
  Status AppendToTable(Transaction& txn);
  // The load's record, its notes and its order values go.
  Status CloseLoad(Transaction& txn, Catalog& catalog);
  // What holds once a commit took effect.
  void AfterCommit(std::optional<Checkpoint> fence);
  void ForgetEarlyRows();
  std::optional<int64_t> NoteAs() const;

  LMDBConfig config_;
  TableSpec spec_;
  std::shared_ptr<arrow::Schema> columns_;  // of spec_'s rows, without `_op`
  std::shared_ptr<Environment> environment_;
  std::optional<LoadLock> lock_;

  OpenLoad load_;                     // as the environment has it; its nonce is this session's
  bool load_recorded_ = false;        // load_ has a record in the environment
  std::optional<TableRecord> table_;  // as the environment has it; none: the table is missing
  TableRecord next_table_;            // as the next commit leaves it
  KeyDefinition key_;
  encode::ValueFormat format_ = encode::ValueFormat::kMsgpack;
  std::optional<Checkpoint> fence_;  // a pipeline's checkpoint as this session last wrote it
  std::shared_ptr<arrow::Schema> evolved_schema_;
  std::string evolution_;                          // in words; empty: the table's columns stay
  std::vector<std::string> never_null_;            // see NeverNullIn
  std::shared_ptr<arrow::Schema> committed_rows_;  // spec_.schema before Evolve; null: no Evolve
  bool replacing_ = false;                         // the next commit replaces the table's rows

  std::unique_ptr<RowEncoder> encoder_;
  std::vector<std::unique_ptr<RowEncoder>> old_encoders_;  // somebody may still hold them
  Staging staging_;
  int64_t leaf_bytes_ = 0;              // of the table that rows are put into, after the last step
  int64_t stored_row_bytes_ = 0;        // the same, for a row
  std::optional<std::string> top_key_;  // its last key
  int64_t early_rows_ = 0;              // put by steps since the last commit
  std::optional<int64_t> batch_;        // the last one staged since the last commit
  BatchIdSet undo_;
  std::optional<CommitOutcome> refusal_;
  bool recovered_ = false;
  bool remember_load_ = false;
  bool committed_ = false;  // a one-off load has one commit
};

}  // namespace ampload::lmdb
