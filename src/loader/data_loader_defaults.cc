// What a loader does where it overrides nothing.
#include "ampload/data_loader.h"
#include "loader/simple_session.h"

namespace ampload {

namespace {

// A verb that nobody wrote. The code is for callers that can do without it.
Status NotOverridden(const std::string& message) {
  return {arrow::StatusCode::NotImplemented, message,
          std::make_shared<FailureDetail>(FailureKind::kConfiguration)};
}

}  // namespace

Result<int64_t> LoaderFront::LoadBatchImpl(const arrow::RecordBatch& /*batch*/,
                                           const std::string& /*table*/, RowErrors& /*errors*/) {
  return PermanentError(loader_type_ +
                        ": this loader overrides neither LoadBatchImpl nor OpenSessionImpl");
}

Status LoaderFront::CreateTableFromSchema(const arrow::Schema& /*schema*/,
                                          const std::string& /*table*/) {
  return Status::OK();
}

Status LoaderFront::ClearTable(const std::string& /*table*/) {
  return PermanentError(loader_type_ +
                        ": this loader says it overwrites, but overrides no ClearTable");
}

Result<std::unique_ptr<WriteSession>> LoaderFront::OpenSessionImpl(
    std::span<const TableSpec> tables) {
  return SimpleSession::Make(*this, tables.front());
}

Result<std::vector<Checkpoint>> LoaderFront::ReadCheckpointsImpl(const std::string& /*table*/) {
  return std::vector<Checkpoint>{};
}

Result<std::vector<std::string>> LoaderFront::ListTablesImpl() {
  return NotOverridden(loader_type_ + ": this loader cannot list its tables: name one");
}

Result<std::optional<TableInfo>> LoaderFront::GetTableInfoImpl(const std::string& table) {
  return NotOverridden(loader_type_ + ": this loader cannot say what a table has: table=" + table);
}

Result<std::shared_ptr<arrow::Table>> LoaderFront::ReadRowsImpl(const std::string& table,
                                                                const ReadOptions& /*options*/) {
  return NotOverridden(loader_type_ + ": this loader cannot read rows back: table=" + table);
}

Result<std::vector<HistoryEntry>> LoaderFront::ReadHistoryImpl(const std::string& table,
                                                               int64_t /*limit*/) {
  return NotOverridden(loader_type_ +
                       ": this store keeps no history of its tables: table=" + table);
}

Result<std::vector<CheckLine>> LoaderFront::CheckImpl(const CallContext& /*context*/) {
  return std::vector<CheckLine>{{"reachable", true, ""}};
}

Result<TablePlan> LoaderFront::PlanTableImpl(const TableSpec& table,
                                             const arrow::RecordBatch* /*sample*/) {
  TablePlan plan;
  const auto info = GetTableInfo(table.name);
  plan.table_exists = info.ok() && info->has_value() && (*info)->exists;
  for (const auto& field : table.schema->fields()) {
    plan.columns.push_back({.column = field->name(),
                            .type = field->type(),
                            .stored_as = field->type()->ToString(),
                            .fidelity = Fidelity::kDeclared,
                            .note = "the loader takes Arrow rows and declares no types"});
  }
  return plan;
}

Metadata LoaderFront::GetBatchMetadata(const arrow::RecordBatch& /*batch*/,
                                       double /*duration_seconds*/) {
  return {};
}

Metadata LoaderFront::GetTableMetadata(const arrow::Table& /*rows*/, double /*duration_seconds*/,
                                       int64_t /*batch_count*/) {
  return {};
}

}  // namespace ampload
