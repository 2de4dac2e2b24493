// A loader for the command's own tests: Arrow tables on a shelf in memory that outlives each
// command, as a store outlives each process.
#pragma once

#include <arrow/api.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ampload/registry.h"
#include "encode/type_matrix.h"

namespace ampload::cli::testing {

// What is stored, and what a test scripts. Schemes: shelf:NAME?password=...&height=...
struct Shelf {
  std::map<std::string, std::shared_ptr<arrow::Table>> tables;
  std::map<std::string, std::vector<Checkpoint>> checkpoints;
  std::map<std::string, std::vector<HistoryEntry>> history;
  std::vector<CheckLine> checks = {{"reachable", true, "shelf 1.0"}, {"may write", true, ""}};
  Status connect;
  std::function<Status(const CallContext&)> on_stage;
  bool fenced = false;
  ConfigMap config;  // what the last loader was made with
  std::function<void()> on_connect;
  TableSpec spec;  // what the last session was opened with
};

class ShelfSession : public WriteSession {
 public:
  ShelfSession(Shelf& shelf, TableSpec spec) : shelf_(shelf), spec_(std::move(spec)) {}

  Result<Recovered> Recover(RecoverMode, const CallContext&) override {
    Recovered recovered;
    for (const auto& one : shelf_.checkpoints[spec_.name]) {
      if (one.pipeline == spec_.pipeline) recovered.checkpoint = one;
    }
    return recovered;
  }
  Status Stage(StagedBatch batch, const CallContext& context) override {
    if (shelf_.on_stage) ARROW_RETURN_NOT_OK(shelf_.on_stage(context));
    staged_.push_back(batch.batch);
    return Status::OK();
  }
  Status Undo(const BatchIdSet&, const CallContext&) override { return Status::OK(); }
  Status Evolve(const SchemaChange&, const CallContext&) override { return Status::OK(); }
  Result<CommitOutcome> Commit(const Checkpoint&, const CallContext&) override {
    if (shelf_.fenced) return CommitOutcome(Fenced{"another run"});
    ARROW_ASSIGN_OR_RAISE(auto rows, arrow::Table::FromRecordBatches(spec_.schema, staged_));
    const int64_t added = rows->num_rows();
    auto& stored = shelf_.tables[spec_.name];
    if (stored != nullptr && spec_.mode == LoadMode::kAppend) {
      ARROW_ASSIGN_OR_RAISE(rows, arrow::ConcatenateTables({stored, rows}));
    }
    stored = rows;
    return CommitOutcome(Committed{added});
  }
  Status Abort(const CallContext&) override {
    staged_.clear();
    return Status::OK();
  }

 private:
  Shelf& shelf_;
  TableSpec spec_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> staged_;
};

inline LoaderTraits ShelfTraits() {
  LoaderTraits traits;
  traits.supported_modes = {LoadMode::kAppend, LoadMode::kOverwrite};
  traits.supports_transactions = true;
  traits.supports_overwrite = true;
  traits.commit = CommitKind::kAtomic;
  traits.visibility = Visibility::kCommit;
  return traits;
}

class ShelfLoader : public Loader {
 public:
  explicit ShelfLoader(Shelf& shelf) : shelf_(shelf) {}

  const std::string& loader_type() const override {
    static const std::string type = "shelf";
    return type;
  }
  const LoaderTraits& traits() const override {
    static const LoaderTraits traits = ShelfTraits();
    return traits;
  }
  Status Connect(const CallContext&) override {
    if (shelf_.on_connect) shelf_.on_connect();
    return shelf_.connect;
  }
  Status Disconnect() override { return Status::OK(); }
  bool is_connected() const override { return true; }
  Result<std::unique_ptr<WriteSession>> OpenSession(std::span<const TableSpec> tables) override {
    shelf_.spec = tables.front();
    return std::make_unique<ShelfSession>(shelf_, tables.front());
  }
  Result<std::vector<Checkpoint>> ReadCheckpoints(const std::string& table) override {
    return shelf_.checkpoints[table];
  }
  Result<std::vector<std::string>> ListTables() override {
    std::vector<std::string> names;
    for (const auto& [name, rows] : shelf_.tables) names.push_back(name);
    return names;
  }
  Result<std::optional<TableInfo>> GetTableInfo(const std::string& table) override {
    const auto found = shelf_.tables.find(table);
    if (found == shelf_.tables.end()) return std::nullopt;
    TableInfo info;
    info.table_name = table;
    info.exists = true;
    info.row_count = found->second->num_rows();
    for (const auto& field : found->second->schema()->fields()) {
      info.columns.push_back({field->name(), field->type()->ToString(), field->nullable()});
    }
    info.size_bytes = 3 << 20;
    info.keys = {"block_num", "log_index"};
    info.schema = found->second->schema();
    return info;
  }
  Result<std::shared_ptr<arrow::Table>> ReadRows(const std::string& table,
                                                 const ReadOptions& options) override {
    return shelf_.tables.at(table)->Slice(0, options.limit);
  }
  Result<std::vector<HistoryEntry>> ReadHistory(const std::string& table, int64_t limit) override {
    const auto found = shelf_.history.find(table);
    if (found == shelf_.history.end()) {
      return Status(arrow::StatusCode::NotImplemented, "shelf: this store keeps no history",
                    std::make_shared<FailureDetail>(FailureKind::kConfiguration));
    }
    auto entries = found->second;
    if (std::cmp_less(limit, entries.size())) entries.resize(static_cast<size_t>(limit));
    return entries;
  }
  // Types as a lake has them, so that some columns are lossy.
  Result<TablePlan> PlanTable(const TableSpec& table, const arrow::RecordBatch* sample) override {
    TablePlan plan;
    plan.table_exists = shelf_.tables.contains(table.name);
    plan.layout = {"shelf " + table.name};
    plan.columns = encode::PlanColumns(*table.schema, encode::StoreFormat::kIceberg);
    if (sample != nullptr) plan.bytes_per_row = 10;
    return plan;
  }
  Result<std::vector<CheckLine>> Check(const CallContext&) override { return shelf_.checks; }
  LoadResult LoadBatch(const std::shared_ptr<arrow::RecordBatch>&, const std::string&,
                       const LoadOptions&) override {
    return {};
  }
  LoadResult LoadTable(const std::shared_ptr<arrow::Table>&, const std::string&,
                       const LoadOptions&) override {
    return {};
  }

 private:
  Shelf& shelf_;
};

inline OptionSpec MakeOption(std::string name, OptionType type, std::string meaning) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.type = type;
  spec.meaning = std::move(meaning);
  return spec;
}

// The shelf must outlive the registry and its loaders.
inline LoaderDescriptor ShelfDescriptor(Shelf& shelf) {
  LoaderDescriptor descriptor;
  descriptor.name = "shelf";
  descriptor.schemes = {"shelf"};
  descriptor.summary = "tables in memory, for tests";
  descriptor.example_uri = "shelf:one";
  descriptor.client = "shelf 1.0";
  descriptor.traits = ShelfTraits();
  auto path = MakeOption("path", OptionType::kString, "which shelf");
  path.required = true;
  auto height = MakeOption("height", OptionType::kBytes, "how much fits");
  height.default_value = "64MiB";
  height.env = "SHELF_HEIGHT";
  auto pin = MakeOption("pin", OptionType::kString, "what opens it");
  pin.secret = true;
  descriptor.options = {path, height, pin};
  descriptor.parse_uri = [](std::string_view uri) -> Result<ConfigMap> {
    return ConfigMap{{"path", std::string(uri.substr(uri.find(':') + 1))}};
  };
  descriptor.make = [&shelf, options = descriptor.options](
                        const ConfigMap& config) -> Result<std::unique_ptr<Loader>> {
    ARROW_RETURN_NOT_OK(ResolveOptions(options, config, "shelf"));
    shelf.config = config;
    return std::make_unique<ShelfLoader>(shelf);
  };
  return descriptor;
}

}  // namespace ampload::cli::testing
