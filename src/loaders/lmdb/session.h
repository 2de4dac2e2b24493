// A visit to one LMDB table: journaled, and atomic when it fits one step.
//
//   Recover    open-load record (one-off) or fence (pipeline)      one transaction
//   Stage      rows wait in memory; every step_bytes a step:       one transaction, rows + record
//   Commit     the last rows + checkpoint + end of the record      one transaction
//              (overwrite in steps: rows are in a hidden table, which the commit exchanges with the
//              old one)
//
// A dead load's steps are undone by the next Recover of anybody who wants the table.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/type_plan.h"
#include "ampload/write_session.h"
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

  // take_over.cc
  Result<Recovered> TakeOver();
  Status RefuseWhereALiveLoadHoldsTheTable();
  Status InstallFence(Transaction& txn, Recovered* recovered);
  Status InstallPipeline(Catalog& catalog, const std::vector<Checkpoint>& others,
                         Recovered* recovered);
  Status CheckTable(Transaction& txn, Catalog& catalog);
  Result<Recovered> Settle();

  Status ChooseFormat();
  Status CheckFloats(const TableRecord& record) const;
  // Do the rows fit, as they are or after evolution? Then evolved_schema_ is what the table will
  // have.
  Status CheckSchema(const TableRecord& record);

  // session.cc
  Status CheckReady() const;
  // Environment::Write, once no dead load stands in the way; what was undone for that goes to
  // `cleaned_up`.
  Status WriteWhenClear(int64_t bytes, bool take_over, std::string* cleaned_up,
                        const std::function<Status(Transaction&)>& body);
  // OK while the fence is this session's; else `refusal_` says what a commit returns.
  Status CheckFence(Catalog& catalog);
  // Another pipeline may have made the table since: takes it as it is now, or refuses.
  Status RefreshTable(Catalog& catalog);
  Status CheckRoom() const;
  // What the staged rows and the transaction that puts them will hold in memory, at most.
  int64_t MemoryOfStep() const;
  bool StepIsFull() const;
  // What MemoryOfStep goes by, as the transaction sees the table of the next step.
  Status MeasureTable(Transaction& txn, MDB_dbi dbi);
  Status FlushStep();
  Status PutStep(Transaction& txn, OpenLoad* load);

  // commit.cc
  Status CommitIn(Transaction& txn, const Checkpoint& checkpoint, std::optional<Checkpoint>* fence);
  Status ReplaceTable(Transaction& txn, Catalog& catalog);
  Status AppendToTable(Transaction& txn);
  Status ForgetFinalBatches(Transaction& txn, const std::string& uuid,
                            const Checkpoint& checkpoint);
  Checkpoint NextCheckpoint(const Checkpoint& from_engine, const std::string& uuid) const;
  void ForgetEarlyRows();
  std::optional<int64_t> NoteAs() const;

  LMDBConfig config_;
  TableSpec spec_;
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
  std::string evolution_;   // in words; empty: the table's columns stay
  bool replacing_ = false;  // the next commit replaces the table's rows

  std::unique_ptr<RowEncoder> encoder_;
  Staging staging_;
  int64_t leaf_bytes_ = 0;              // of the table that rows are put into, after the last step
  std::optional<std::string> top_key_;  // its last key
  int64_t early_rows_ = 0;              // put by steps since the last commit
  BatchIdSet undo_;
  std::optional<CommitOutcome> refusal_;
  bool recovered_ = false;
  bool remember_load_ = false;
  bool committed_ = false;  // a one-off load has one commit
};

}  // namespace ampload::lmdb
