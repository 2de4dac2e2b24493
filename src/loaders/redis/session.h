// A visit to one Redis table: journaled. The server has no transaction that a load would fit into,
// so rows reach it early, and over the same connection a note goes ahead of them that says how to
// take them back.
//
//   Recover    the fence (pipelines) or the load's record (one-off): WATCH / MULTI
//              the predecessor's client is ended; what loads left open is brought to an end
//   Stage      the load's record; notes and rows, chunk by chunk      (row_writer.h)
//   Commit     every reply has come: WATCH, compare owner and sequence; MULTI: checkpoint, count of
//              rows, the record's end; EXEC
//              then, gone on with by whoever comes next where this process dies: old rows go, those
//              of batches to be undone or of an overwrite; new ones get their names (open_loads.h)
//
// Rows that come with an undo, or with an overwrite, wait under hidden keys for the commit: they
// may have the keys of those that go. After a reconnect nothing is written before the fence was
// read again, and the connection before is ended first, with whatever of it the server has not read
// yet.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "ampload/write_session.h"
#include "loaders/redis/catalog.h"
#include "loaders/redis/connection.h"
#include "loaders/redis/redis_config.h"
#include "loaders/redis/row_form.h"
#include "loaders/redis/row_writer.h"
#include "loaders/redis/table_rules.h"

namespace ampload::redis {

class RedisSession final : public WriteSession {
 public:
  // Connects at Recover.
  RedisSession(RedisConfig config, TableSpec spec);
  ~RedisSession() override;  // takes back what was not committed

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
  // What the store has of this table, read at one moment.
  struct Found {
    std::optional<TableRecord> table;
    std::optional<Checkpoint> mine;
    std::vector<Checkpoint> others;
    std::string alone;
    std::vector<OpenLoad> loads;
    std::map<int64_t, std::string> batches;

    const OpenLoad* LoadOf(const std::string& nonce) const;  // null: it has no record
  };

  bool one_off() const { return spec_.pipeline.empty(); }
  bool by_key() const { return spec_.mode == LoadMode::kUpsert; }
  bool replaces() const;  // rows may take the place of others
  std::string At() const { return ": table=" + spec_.name; }
  const StructureFacts& facts() const { return FactsOf(rules_.form.structure); }

  // A transaction that other clients' steps get in the way of is tried so often, then given up.
  static constexpr int kTries = 100;

  // session.cc
  Status CheckReady() const;
  Status GivenUp() const;
  // Rows go aside: batches go with this commit, and may have the same keys.
  bool aside() const {
    return !undo_.empty() && facts().key_per_row && rules_.form.key_prefix.empty();
  }
  Status CheckEncoded(StagedBatch* batch);
  Status MakeEncoder();
  Status TakeColumns(std::shared_ptr<arrow::Schema> rows);
  Status LoadUndoneKeys(const CallContext& context);
  Status WriteBatch(StagedBatch batch, const CallContext& context);
  Status NameRows(EncodedCommands* commands, int64_t batch);
  Status BeginBatch(int64_t batch, const CallContext& context);
  void ForgetStaged();
  // Before this session's load is taken back: its replies have come, and rows that no note names
  // are gone.
  Status TakeBackUnnoted(const CallContext& context);

  // take_over.cc
  Status Connect(const CallContext& context);
  void DropConnection();
  // Ends the connections that this session had before, with what they have on the way.
  Status EndFormerClients(const CallContext& context);
  // Sends WATCH for all that a commit of this table depends on, then reads it.
  Result<Found> Look(const CallContext& context);
  // The same once nobody else brings this session's load to an end, having taken it for dead.
  Result<Found> LookAlone(const CallContext& context);
  Result<Recovered> TakeOver(const CallContext& context);
  Status CheckNoForeignKey(const Found& found, const CallContext& context);
  Status CheckOverlap(const CallContext& context);
  // One try: false where somebody changed what it is based on.
  Result<bool> TryFence(Recovered* recovered, const CallContext& context);
  Status InstallPipeline(const Found& found, Recovered* recovered);
  OpenLoad LoadToBe() const;  // load_, as others will find it
  Status HeldBy(const OpenLoad& load) const;
  // The load's record changes hands, goes, or its client dies; refused where that takes too long.
  Status WaitWhileHeld(const OpenLoad& load, bool writes, std::chrono::milliseconds patience,
                       const CallContext& context);
  // A live load is waited for a moment, then refused. `writes`: see StandsInTheWay.
  Status RefuseLiveObstacles(const Found& found, bool writes, const CallContext& context);
  Status EndDeadLoads(bool writes, std::string* cleaned_up, const CallContext& context);
  Status ReadStreamTop(const CallContext& context);
  Status LowerStreamTop(int64_t batch, const CallContext& context);
  Status ChooseOwnBatch(const CallContext& context);

  // writing.cc: the load's record, before its first row
  Status StartWriting(const CallContext& context);
  Result<bool> TryStart(const CallContext& context);
  // The connection broke: another one, over which nothing is written before the fence was read.
  Status Reconnect(const CallContext& context);
  // OK while the fence is this session's; else refusal_ says what a commit returns.
  Status CheckFence(const Found& found);
  // Another pipeline may have made the table since, or changed its columns.
  Status RefreshTable(const Found& found);

  // commit.cc
  Status PrepareCommit(const CallContext& context);
  Result<CommitOutcome> Unreached(const Status& failure);
  // nullopt: somebody changed what it is based on; again.
  Result<std::optional<CommitOutcome>> TryCommit(const Checkpoint& checkpoint,
                                                 const CallContext& context);
  // The commands of the commit, between MULTI and EXEC; what holds afterwards is in next_.
  Status MakeCommit(const Found& found, const Checkpoint& checkpoint, const CallContext& context,
                    CommandBuffer* commands);
  Status AddTable(const Found& found, const CallContext& context, CommandBuffer* commands);
  void AddBatches(const Found& found, CommandBuffer* commands) const;
  // The end of the load's record; or, for an overwrite, what is left to be done.
  Status AddEndOfLoad(const Found& found, CommandBuffer* commands);
  Status FinishCommit(const CallContext& context);
  Status WaitUntilSafe(const CallContext& context);
  Status AfterCommit();
  std::optional<std::string> WhoTookOver();

  // settle.cc
  Result<Recovered> Settle(const CallContext& context);
  Result<Recovered> SettleOneOff(const Found& found, bool other_run, const CallContext& context);

  RedisConfig config_;
  TableSpec spec_;
  std::unique_ptr<Connection> connection_;
  std::optional<ClientHandle> last_handle_;  // of the connection before
  std::vector<ClientHandle> former_;         // connections that are not known to have ended
  std::string nonce_;  // this session's own: owner of its fence, id of its load
  bool recovered_ = false;
  bool committed_ = false;  // a one-off load has one commit
  bool remember_load_ = false;

  std::optional<TableRecord> table_;  // as it was found, or committed
  TableRules rules_;                  // how rows are written, and what the next commit leaves
  std::optional<Checkpoint> fence_;   // as the store has it, by this session
  bool alone_ = false;                // an upsert stream's table
  bool replacing_ = false;            // the next commit replaces the table's rows
  std::string uuid_;                  // of the table, if this session makes it
  std::unique_ptr<RowEncoder> encoder_;
  std::unique_ptr<RowEncoder> aside_encoder_;              // the same, for rows that go aside
  std::vector<std::unique_ptr<RowEncoder>> old_encoders_;  // somebody may still use them
  std::shared_ptr<arrow::Schema> committed_rows_;  // spec_.schema before Evolve; null: unchanged

  // The commit at hand.
  OpenLoad load_;
  bool load_recorded_ = false;   // load_ has a record on the server
  bool writing_ = false;         // rows may be on the server
  bool has_neighbours_ = false;  // other pipelines write the table
  std::unique_ptr<RowWriter> writer_;
  BatchIdSet undo_;
  // Keys that they wrote; null: not yet asked for.
  std::shared_ptr<const std::unordered_set<std::string>> undone_keys_;
  std::vector<int64_t> batches_;  // begun
  std::optional<int64_t> batch_;  // the last of them
  int64_t staged_rows_ = 0;
  uint64_t next_number_ = 0;  // of numbered rows: in the batch, or in the table
  int64_t own_batch_ = 0;     // of a load whose rows have no batch
  int64_t stream_top_ = 0;    // of a Redis stream: the highest batch that it ever had an entry of
  std::optional<CommitOutcome> refusal_;
  bool sent_ = false;               // EXEC, and its answer was not seen, or the rest is not done
  std::optional<Checkpoint> next_;  // what a sent EXEC makes of the fence
  std::optional<TableRecord> next_table_;  // and of the table
  std::optional<OpenLoad> next_load_;      // what is then left to be done
};

}  // namespace ampload::redis
