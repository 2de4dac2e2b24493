// A visit to one Delta table: atomic. What is undone, the new files and the pipeline's place are
// one entry of the log, which is put where no entry is yet.
//
//   Recover    the fence: an entry that moves the pipeline's txn on (pipelines only; it makes the
//              table, without rows, where it is missing)
//   Stage      rows become data files, which no reader sees
//   Commit     the files are ended; the checkpoint's record is written; the entry is put. Where
//              others were faster, their entries are read and judged, and the next version is tried
//
// What a dead session leaves are files that no entry tells of: VACUUM's matter.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ampload/write_session.h"
#include "lake/object_store.h"
#include "loaders/deltalake/deltalake_config.h"
#include "loaders/deltalake/log.h"
#include "loaders/deltalake/pipelines.h"
#include "loaders/deltalake/row_encoder.h"
#include "loaders/deltalake/snapshot.h"
#include "loaders/deltalake/staged_files.h"
#include "loaders/deltalake/table_rules.h"
#include "loaders/deltalake/table_writer.h"
#include "loaders/deltalake/undo_plan.h"

namespace ampload::deltalake {

class DeltaSession final : public WriteSession {
 public:
  // Reads nothing yet. `table`: its root is the table's folder.
  DeltaSession(DeltaLakeStorageConfig config, std::shared_ptr<lake::ObjectStore> table,
               TableSpec spec);
  ~DeltaSession() override;  // deletes the files of what was not committed

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
  std::string At() const { return ": table=" + spec_.name; }  // where, for messages

  // session.cc
  Status CheckReady() const;
  Status CheckWrites() const;                  // do the table's protocol and properties let us?
  Status FitRows(const CallContext& context);  // spec_ against snapshot_: rules_, encoder_
  Status TakeColumns(std::shared_ptr<arrow::Schema> rows, const CallContext& context);
  Status StartWriting(const CallContext& context);
  int64_t MemoryOfHalf() const;
  void ForgetStaged();
  void DiscardFiles();
  void KeepFiles();

  // take_over.cc
  Result<Recovered> TakeOver(const CallContext& context);
  Status CheckSpec() const;
  Status LookAtNeighbours(const std::vector<Checkpoint>& others, bool fresh,
                          const CallContext& context);
  Status InstallFence(Recovered* recovered, const CallContext& context);
  // One try: false where another session's entry or record was first.
  Result<bool> TryFence(Recovered* recovered, const CallContext& context);
  Status CheckSameTable(const Checkpoint& checkpoint, const CallContext& context);
  // Are the rows still there that this session has committed, where others have removed some?
  Status CheckRows(const CallContext& context);
  Result<bool> PutFence(std::vector<Action> actions, bool makes_table, const CallContext& context);
  // nullopt: the log has gone on meanwhile; read it first.
  Result<std::optional<std::vector<Checkpoint>>> ReadOthers(const CallContext& context);
  Result<Epoch> NextEpoch(const CallContext& context);
  std::vector<std::string> RememberedLoads() const;  // the oldest first

  // commit.cc
  Status FinishFiles(const Checkpoint& checkpoint, const CallContext& context);
  // nullopt: another entry was first, and does not stand in the way.
  Result<std::optional<CommitOutcome>> TryCommit(const Checkpoint& checkpoint,
                                                 const CallContext& context);
  Result<std::optional<CommitOutcome>> CheckFence(const CallContext& context);
  std::optional<CommitOutcome> WhoTookOver(const CallContext& context);
  // nullopt: the log has gone on meanwhile.
  Result<std::optional<std::vector<Action>>> ActionsOfCommit(const CallContext& context);
  Status AddPipelineActions(const Checkpoint& checkpoint, std::vector<Action>* actions,
                            const CallContext& context);
  // False: the log has gone on meanwhile.
  Result<bool> RemoveNeighbours(std::vector<Action>* actions, const CallContext& context);
  // The txn version of a new record that says that the pipeline, at that place, is removed;
  // nullopt: another session was faster.
  Result<std::optional<int64_t>> PutRemoval(const Checkpoint& place, const CallContext& context);
  // A permanent failure where a file of the commit has gone.
  Status CheckFiles(const CallContext& context);
  // The entry's commitInfo, before its actions. `operation`: empty: told from the actions.
  Status PutInfoFirst(std::vector<Action>* actions, const std::string& operation,
                      const std::string& txn_id, const CallContext& context);
  Result<std::optional<int64_t>> InCommitTimestamp(int64_t now_ms, const CallContext& context);
  Status PutRecord(const PipelineRecord& record, const CallContext& context);
  // Puts the entry after snapshot_; its place must be the log's end.
  Result<lake::PutOutcome> PutEntry(const std::vector<Action>& actions, const CallContext& context);
  // Reads the entries after snapshot_. There are none, and its version is newer, where others have
  // deleted those between. A permanent failure: the table is gone.
  Result<std::vector<Log::Entry>> ReadOn(const CallContext& context);
  // Reads what others have put; a conflict failure where rows that are ready do not fit any more.
  Status CatchUp(const CallContext& context);
  void AfterCommit(const CallContext& context);
  void KeepLog(const CallContext& context);
  void ForgetRecord(int64_t txn_version, const CallContext& context);
  void ForgetRecordsBefore(int64_t txn_version, const CallContext& context);

  // settle.cc
  Result<Recovered> Settle(const CallContext& context);
  // After this the entry of an unknown outcome is in the log, or can never come.
  Status EndUnknown(bool* committed, const CallContext& context);
  // Did that entry come through, which the log no longer has?
  Result<bool> TellWithoutEntry(const CallContext& context);

  DeltaLakeStorageConfig config_;
  std::shared_ptr<lake::ObjectStore> table_;
  TableSpec spec_;
  Log log_;
  std::string nonce_;  // this session's own: the owner of its fence, the id of its load
  bool recovered_ = false;
  bool committed_ = false;  // a one-off load has one commit
  bool remember_load_ = false;

  Snapshot snapshot_;
  BatchFinder finder_;
  bool others_removed_ = false;  // rows, or perhaps: CheckRows looks
  TableRules rules_;
  std::optional<Checkpoint> fence_;    // as the log has it, by this session
  std::deque<int64_t> older_records_;  // of the commits before: their records still lie there
  bool replacing_ = false;             // the next commit takes the place of all rows
  // The records of tries that were not the first: pipeline and place -> its removal's txn version.
  std::map<std::pair<std::string, int64_t>, int64_t> removals_;
  std::unique_ptr<RowEncoder> encoder_;
  std::vector<std::unique_ptr<RowEncoder>> old_encoders_;  // somebody may still use them
  std::shared_ptr<arrow::Schema> committed_rows_;  // spec_.schema before Evolve; null: unchanged

  // The commit at hand.
  BatchIdSet undo_;
  UndoPlan undo_plan_;
  std::optional<TableWriter> form_;
  std::unique_ptr<StagedFiles> staged_;
  std::vector<AddFile> adds_;       // of ended files
  std::vector<std::string> files_;  // the same, as the store has them
  int64_t staged_rows_ = 0;
  std::string txn_id_;  // of the entry: no other has it
  std::optional<Checkpoint> next_;
  std::optional<int64_t> unknown_;  // a put of this version may or may not have come through
};

}  // namespace ampload::deltalake
