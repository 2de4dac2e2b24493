// A transactional loader for tests: tables in memory, rows visible only after their commit.
//
// What a test scripts happens at the verb that it names. Beside that the loader checks the engine's
// side of the contract (verbs in order, one thread, rows in sequence, no Abort under a stopped
// context) and keeps what it finds wrong in breaches().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ampload/loader.h"
#include "memory_source.h"

namespace ampload::testing {

// Hooks run in the verb's own thread before the verb does its work; they may fail, throw or wait.
// `nth` counts from 0.
struct MemoryScript {
  bool with_encoder = true;
  Result<Recovered> recover = Recovered{};
  std::function<Status(int64_t nth)> on_encode = {};
  std::set<int64_t> bad_rows = {};  // values of column `n` that the encoder does not take
  std::function<Status(int64_t nth, const CallContext& context)> on_stage = {};
  // In place of the commit: calls `take_effect` where the rows are to become visible.
  std::function<Result<CommitOutcome>(int64_t rows, const std::function<void()>& take_effect)>
      on_commit = {};
  std::optional<Result<Recovered>> settle = {};  // else the truth: kCommitted or kNotCommitted
  Status abort = {};
  std::shared_ptr<ByteGauge> gauge = std::make_shared<ByteGauge>();  // counts encoded bytes
};

class MemoryLoader : public Loader {
 public:
  explicit MemoryLoader(MemoryScript script = {}) : script_(std::move(script)) {}

  // A table that is there before the load.
  void Preload(const std::string& table, std::vector<int64_t> rows) {
    tables_[table] = std::move(rows);
  }

  // What a reader sees of column `n`; nullopt where the table is missing.
  std::optional<std::vector<int64_t>> Rows(const std::string& table) const;

  // "open", "take over", "encode 0", "stage 0", "commit", "settle", "abort".
  std::vector<std::string> verbs() const;
  // The same without the encoder's, whose place among the others is not fixed.
  std::vector<std::string> session_verbs() const;
  std::vector<std::string> breaches() const;
  std::optional<Checkpoint> checkpoint() const { return checkpoint_; }  // of the last commit
  std::vector<std::string> origins() const { return origins_; }         // of the staged batches

  const std::string& loader_type() const override;
  const LoaderTraits& traits() const override;
  Status Connect(const CallContext&) override { return Status::OK(); }
  Status Disconnect() override { return Status::OK(); }
  bool is_connected() const override { return true; }
  Result<std::unique_ptr<WriteSession>> OpenSession(std::span<const TableSpec> tables) override;
  Result<std::vector<Checkpoint>> ReadCheckpoints(const std::string& table) override;
  Result<std::vector<std::string>> ListTables() override;
  Result<std::optional<TableInfo>> GetTableInfo(const std::string& table) override;
  Result<std::shared_ptr<arrow::Table>> ReadRows(const std::string& table,
                                                 const ReadOptions& options) override;
  Result<std::vector<HistoryEntry>> ReadHistory(const std::string& table, int64_t limit) override;
  Result<TablePlan> PlanTable(const TableSpec& table, const arrow::RecordBatch* sample) override;
  Result<std::vector<CheckLine>> Check(const CallContext& context) override;
  LoadResult LoadBatch(const std::shared_ptr<arrow::RecordBatch>& batch, const std::string& table,
                       const LoadOptions& options) override;
  LoadResult LoadTable(const std::shared_ptr<arrow::Table>& rows, const std::string& table,
                       const LoadOptions& options) override;

 private:
  friend class MemorySession;
  friend class MemoryEncoder;
  void Record(std::string verb);
  void Breach(std::string what);

  MemoryScript script_;
  std::map<std::string, std::vector<int64_t>> tables_;
  std::optional<Checkpoint> checkpoint_;
  std::vector<std::string> origins_;
  mutable std::mutex mutex_;  // of the two below
  std::vector<std::string> verbs_;
  std::vector<std::string> breaches_;
};

}  // namespace ampload::testing
