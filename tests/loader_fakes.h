// Two small loaders over a store in memory, for tests of what stands above a loader: one of the
// simple level, one with sessions of its own.
#pragma once

#include <arrow/api.h>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "ampload/data_loader.h"

namespace ampload::fakes {

// Rows are the int64 values of column 0; kNull stands for null.
inline constexpr int64_t kNull = INT64_MIN;

inline std::vector<int64_t> FirstColumn(const arrow::RecordBatch& batch) {
  const auto& column = static_cast<const arrow::Int64Array&>(*batch.column(0));
  std::vector<int64_t> values;
  for (int64_t i = 0; i < column.length(); ++i) {
    values.push_back(column.IsNull(i) ? kNull : column.Value(i));
  }
  return values;
}

inline std::shared_ptr<arrow::RecordBatch> MakeBatch(const std::vector<int64_t>& values,
                                                     const std::string& name = "id") {
  arrow::Int64Builder builder;
  for (const int64_t value : values) {
    (void)(value == kNull ? builder.AppendNull() : builder.Append(value));
  }
  return arrow::RecordBatch::Make(arrow::schema({arrow::field(name, arrow::int64())}),
                                  static_cast<int64_t>(values.size()),
                                  {builder.Finish().ValueOrDie()});
}

struct StoredTable {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<int64_t> rows;
};

// Outlives its loaders.
struct Store {
  std::map<std::string, StoredTable> tables;
  std::vector<std::string> calls;  // what the loader was asked for, in order
  Status connect_status;
  std::string exception;  // thrown from LoadBatchImpl and Stage where it is not empty
  Status stage_status;
  Status abort_status;
  CommitOutcome outcome = Committed{};  // Committed: the rows really land
  Result<Recovered> settled = Recovered{};
};

inline LoaderTraits SimpleTraits() {
  LoaderTraits traits;
  traits.supported_modes = {LoadMode::kAppend, LoadMode::kOverwrite};
  traits.supports_overwrite = true;
  return traits;
}

struct FakeConfig {
  Store* store = nullptr;
  int64_t first_bad = INT64_MAX;  // values from here on are bad rows
};

class SimpleLoader : public DataLoader<FakeConfig> {
 public:
  explicit SimpleLoader(FakeConfig config, LoaderTraits traits = SimpleTraits())
      : DataLoader("simple", traits, config) {}
  ~SimpleLoader() override { (void)Disconnect(); }

 protected:
  Store& store() { return *config().store; }

  Status ConnectImpl(const CallContext& /*context*/) override {
    store().calls.push_back("connect");
    return store().connect_status;
  }
  Status DisconnectImpl() override {
    store().calls.push_back("disconnect");
    return Status::OK();
  }
  Result<int64_t> LoadBatchImpl(const arrow::RecordBatch& batch, const std::string& table,
                                RowErrors& errors) override {
    store().calls.push_back("load");
    if (!store().exception.empty()) throw std::runtime_error(store().exception);
    int64_t rows = 0;
    const auto values = FirstColumn(batch);
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] >= config().first_bad) {
        ARROW_RETURN_NOT_OK(errors.Add(static_cast<int64_t>(i), "bad"));
        continue;
      }
      store().tables[table].rows.push_back(values[i]);
      ++rows;
    }
    return rows;
  }
  Status CreateTableFromSchema(const arrow::Schema& schema, const std::string& table) override {
    store().calls.push_back("create");
    if (!store().tables.contains(table)) {
      store().tables[table].schema = std::make_shared<arrow::Schema>(schema);
    }
    return Status::OK();
  }
  Status ClearTable(const std::string& table) override {
    store().calls.push_back("clear");
    store().tables[table].rows.clear();
    return Status::OK();
  }
  Result<std::optional<TableInfo>> GetTableInfoImpl(const std::string& table) override {
    const auto it = store().tables.find(table);
    if (it == store().tables.end()) return std::nullopt;
    TableInfo info;
    info.table_name = table;
    info.exists = true;
    info.row_count = static_cast<int64_t>(it->second.rows.size());
    info.schema = it->second.schema;
    return info;
  }
  Metadata GetBatchMetadata(const arrow::RecordBatch& /*batch*/, double /*seconds*/) override {
    return {{"fake", true}, {"operation", std::string("mine")}};
  }
};

inline LoaderTraits TransactionalTraits() {
  LoaderTraits traits;
  traits.supported_modes = {LoadMode::kAppend, LoadMode::kOverwrite, LoadMode::kUpsert};
  traits.supports_overwrite = true;
  traits.supports_transactions = true;
  traits.supports_streaming = true;
  traits.commit = CommitKind::kAtomic;
  traits.visibility = Visibility::kCommit;
  return traits;
}

// All or nothing; outcomes as the Store says.
class TransactionalSession : public WriteSession {
 public:
  TransactionalSession(Store& store, TableSpec spec) : store_(store), spec_(std::move(spec)) {}

  Result<Recovered> Recover(RecoverMode mode, const CallContext& context) override {
    ARROW_RETURN_NOT_OK(context.Check());
    store_.calls.push_back(mode == RecoverMode::kTakeOver ? "take over" : "settle");
    return mode == RecoverMode::kTakeOver ? Recovered{} : store_.settled;
  }
  Status Stage(StagedBatch batch, const CallContext& context) override {
    ARROW_RETURN_NOT_OK(context.Check());
    store_.calls.push_back("stage " + std::to_string(batch.first_row) +
                           (batch.final_of_batch ? " final" : ""));
    if (!store_.exception.empty()) throw std::runtime_error(store_.exception);
    for (const int64_t value : FirstColumn(*batch.batch)) staged_.push_back(value);
    return store_.stage_status;
  }
  Status Undo(const BatchIdSet& /*batches*/, const CallContext& /*context*/) override {
    return Status::OK();
  }
  Status Evolve(const SchemaChange& /*change*/, const CallContext& /*context*/) override {
    return Status::OK();
  }
  Result<CommitOutcome> Commit(const Checkpoint& /*checkpoint*/,
                               const CallContext& /*context*/) override {
    store_.calls.push_back("commit");
    if (!std::holds_alternative<Committed>(store_.outcome)) return store_.outcome;
    auto& table = store_.tables[spec_.name];
    table.schema = spec_.schema;
    if (spec_.mode == LoadMode::kOverwrite) table.rows.clear();
    table.rows.insert(table.rows.end(), staged_.begin(), staged_.end());
    const auto rows = static_cast<int64_t>(staged_.size());
    staged_.clear();
    return Committed{rows};
  }
  Status Abort(const CallContext& context) override {
    ARROW_RETURN_NOT_OK(context.Check());
    store_.calls.push_back("abort");
    staged_.clear();
    return store_.abort_status;
  }

 private:
  Store& store_;
  TableSpec spec_;
  std::vector<int64_t> staged_;
};

class TransactionalLoader : public SimpleLoader {
 public:
  explicit TransactionalLoader(FakeConfig config, LoaderTraits traits = TransactionalTraits())
      : SimpleLoader(config, traits) {}

 protected:
  Result<std::unique_ptr<WriteSession>> OpenSessionImpl(
      std::span<const TableSpec> tables) override {
    return std::make_unique<TransactionalSession>(store(), tables.front());
  }
};

}  // namespace ampload::fakes
