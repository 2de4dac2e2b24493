#include "ampload/data_loader.h"

#include <arrow/util/byte_size.h>

#include <chrono>
#include <utility>
#include <variant>

#include "ampload/log.h"
#include "loader/guarded.h"
#include "loader/identifier.h"
#include "loader/load_metadata.h"
#include "loader/row_op.h"
#include "loader/simple_session.h"
#include "loader/table_check.h"

namespace ampload {
namespace {

using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

// What an override adds to the metadata. The rows are in: a failure here must not say otherwise.
template <class Call>
Metadata Extra(const Call& call) {
  const auto extra = Guarded("metadata", [&]() -> Result<Metadata> { return call(); });
  if (!extra.ok()) LogWarning("metadata", MessageOf(extra.status()));
  return extra.ValueOr({});
}

TableSpec MakeSpec(const std::string& table, std::shared_ptr<arrow::Schema> schema,
                   const LoadOptions& options) {
  TableSpec spec;
  spec.name = table;
  spec.schema = std::move(schema);
  spec.mode = options.mode;
  spec.keys = options.keys;
  spec.order_by = options.order_by;
  spec.on_duplicate = options.on_duplicate;
  spec.create_table = options.create_table;
  return spec;
}

// What a loader need not say twice.
void Complete(const std::string& table, TableInfo* info) {
  if (info->table_name.empty()) info->table_name = table;
  if (info->schema == nullptr || !info->columns.empty()) return;
  for (const auto& field : info->schema->fields()) {
    info->columns.push_back({field->name(), field->type()->ToString(), field->nullable()});
  }
}

int64_t CountRows(const Batches& batches) {
  int64_t rows = 0;
  for (const auto& batch : batches) rows += batch->num_rows();
  return rows;
}

// The chunks as they are, so nothing is copied.
Result<Batches> SplitIntoBatches(const arrow::Table& rows) {
  ARROW_RETURN_NOT_OK(rows.Validate());
  arrow::TableBatchReader reader(rows);
  return reader.ToRecordBatches();
}

int64_t BytesOf(const arrow::Table& rows) {
  return arrow::util::ReferencedBufferSize(rows).ValueOr(arrow::util::TotalBufferSize(rows));
}

Status StageAll(WriteSession& session, const Batches& batches, LoadMode mode,
                const CallContext& context) {
  int64_t first_row = 0;
  for (size_t i = 0; i < batches.size(); ++i) {
    StagedBatch staged;
    staged.batch = batches[i];
    staged.op_column = OpColumnOf(mode, *batches[i]->schema());
    staged.final_of_batch = i + 1 == batches.size();
    staged.first_row = first_row;
    first_row += batches[i]->num_rows();
    ARROW_RETURN_NOT_OK(session.Stage(std::move(staged), context));
  }
  return Status::OK();
}

// After a commit whose answer was lost: what does the store say?
Result<int64_t> Settle(WriteSession& session, const std::string& why, int64_t rows,
                       const CallContext& context) {
  const auto recovered = session.Recover(RecoverMode::kSettle, context);
  if (!recovered.ok()) {
    return MakeFailure(FailureKind::kUnknownOutcome,
                       "nobody knows whether the rows were committed: look before loading again: " +
                           why + "; then: " + recovered.status().message());
  }
  switch (recovered->finding) {
    case RecoverFinding::kCommitted:
      return rows;
    case RecoverFinding::kFenced:
      return ConflictError("another writer took over: " + recovered->fenced_by);
    default:
      return TransientError("the commit did not take effect: load again: " + why);
  }
}

Result<int64_t> CommitRows(WriteSession& session, int64_t rows, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const CommitOutcome outcome, session.Commit(Checkpoint{}, context));
  if (const auto* committed = std::get_if<Committed>(&outcome)) return committed->rows;
  if (const auto* fenced = std::get_if<Fenced>(&outcome)) {
    return ConflictError("another writer took over: " + fenced->by);
  }
  if (const auto* conflict = std::get_if<Conflict>(&outcome)) {
    return ConflictError("another writer was faster, nothing was loaded: load again: " +
                         conflict->why);
  }
  return Settle(session, std::get<Unknown>(outcome).why, rows, context);
}

Result<int64_t> StageAndCommit(WriteSession& session, const Batches& batches, LoadMode mode,
                               const CallContext& context) {
  ARROW_RETURN_NOT_OK(session.Recover(RecoverMode::kTakeOver, context).status());
  ARROW_RETURN_NOT_OK(StageAll(session, batches, mode, context));
  return CommitRows(session, CountRows(batches), context);
}

}  // namespace

Status LoaderFront::CheckConnected() const {
  if (connected_) return Status::OK();
  return ConfigurationError(loader_type_ + ": not connected: call Connect first");
}

Status LoaderFront::Connect(const CallContext& context) {
  if (connected_) return Status::OK();
  ARROW_RETURN_NOT_OK(context.Check());
  ARROW_RETURN_NOT_OK(Guarded(loader_type_, [&] { return ConnectImpl(context); }));
  connected_ = true;
  LogInfo(loader_type_, "connected");
  return Status::OK();
}

Status LoaderFront::Disconnect() {
  if (!connected_) return Status::OK();
  connected_ = false;
  LogInfo(loader_type_, "disconnected");
  return Guarded(loader_type_, [&] { return DisconnectImpl(); });
}

// What only the store can say: is the table there, and has it these columns?
Status LoaderFront::CheckAgainstStore(const TableSpec& spec) {
  const bool same_schema = traits_.requires_schema_match && spec.mode != LoadMode::kMerge;
  if (spec.create_table && !same_schema) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto info, GetTableInfo(spec.name));
  const bool exists = info.has_value() && info->exists;
  if (!exists && !spec.create_table) {
    return ConfigurationError(loader_type_ + ": table " + spec.name +
                              " does not exist, and creating tables is switched off");
  }
  if (!exists || !same_schema) return Status::OK();
  return WithContext(CheckSchemaMatches(*spec.schema, *info), loader_type_);
}

Result<std::unique_ptr<WriteSession>> LoaderFront::OpenSession(std::span<const TableSpec> tables) {
  ARROW_RETURN_NOT_OK(CheckConnected());
  ARROW_RETURN_NOT_OK(WithContext(CheckTableSpecs(tables, traits_), loader_type_));
  for (const auto& spec : tables) ARROW_RETURN_NOT_OK(CheckAgainstStore(spec));
  return Guarded(loader_type_, [&] { return OpenSessionImpl(tables); });
}

Result<std::vector<Checkpoint>> LoaderFront::ReadCheckpoints(const std::string& table) {
  ARROW_RETURN_NOT_OK(CheckConnected());
  ARROW_RETURN_NOT_OK(WithContext(CheckTableName(table), loader_type_));
  return Guarded(loader_type_, [&] { return ReadCheckpointsImpl(table); });
}

Result<std::vector<std::string>> LoaderFront::ListTables() {
  ARROW_RETURN_NOT_OK(CheckConnected());
  return Guarded(loader_type_, [&] { return ListTablesImpl(); });
}

Result<std::optional<TableInfo>> LoaderFront::GetTableInfo(const std::string& table) {
  ARROW_RETURN_NOT_OK(CheckConnected());
  ARROW_RETURN_NOT_OK(WithContext(CheckTableName(table), loader_type_));
  ARROW_ASSIGN_OR_RAISE(auto info, Guarded(loader_type_, [&] { return GetTableInfoImpl(table); }));
  if (info.has_value()) Complete(table, &*info);
  return info;
}

Result<std::shared_ptr<arrow::Table>> LoaderFront::ReadRows(const std::string& table,
                                                            const ReadOptions& options) {
  ARROW_RETURN_NOT_OK(CheckConnected());
  ARROW_RETURN_NOT_OK(WithContext(CheckTableName(table), loader_type_));
  if (options.limit < 0) {
    return ConfigurationError(loader_type_ +
                              ": a limit is not negative: limit=" + std::to_string(options.limit));
  }
  return Guarded(loader_type_, [&] { return ReadRowsImpl(table, options); });
}

Result<std::vector<HistoryEntry>> LoaderFront::ReadHistory(const std::string& table,
                                                           int64_t limit) {
  ARROW_RETURN_NOT_OK(CheckConnected());
  ARROW_RETURN_NOT_OK(WithContext(CheckTableName(table), loader_type_));
  if (limit < 0) {
    return ConfigurationError(loader_type_ +
                              ": a limit is not negative: limit=" + std::to_string(limit));
  }
  return Guarded(loader_type_, [&] { return ReadHistoryImpl(table, limit); });
}

Result<TablePlan> LoaderFront::PlanTable(const TableSpec& table, const arrow::RecordBatch* sample) {
  ARROW_RETURN_NOT_OK(CheckConnected());
  ARROW_RETURN_NOT_OK(WithContext(CheckTableSpecs(std::span(&table, 1), traits_), loader_type_));
  ARROW_RETURN_NOT_OK(CheckAgainstStore(table));
  return Guarded(loader_type_, [&] { return PlanTableImpl(table, sample); });
}

Result<std::vector<CheckLine>> LoaderFront::Check(const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckConnected());
  ARROW_RETURN_NOT_OK(context.Check());
  return Guarded(loader_type_, [&] { return CheckImpl(context); });
}

Result<int64_t> LoaderFront::LoadInOneCommit(const Batches& batches, const TableSpec& spec,
                                             const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto session, OpenSession({&spec, 1}));
  auto rows =
      Guarded(loader_type_, [&] { return StageAndCommit(*session, batches, spec.mode, context); });
  // What may have been committed is not taken back. A session that ends cleans up by itself.
  if (!rows.ok() && KindOf(rows.status()) != FailureKind::kUnknownOutcome) {
    // Not the caller's context: cleaning up goes on when the load was told to stop.
    const Status aborted = Guarded(loader_type_, [&] { return session->Abort(CallContext{}); });
    if (!aborted.ok()) LogError(loader_type_, "cleaning up failed: " + MessageOf(aborted));
  }
  return rows;
}

LoadResult LoaderFront::Load(const Batches& batches, TableSpec spec, const CallContext& context,
                             const MetadataMaker& metadata) {
  const auto start = std::chrono::steady_clock::now();
  const auto rows = LoadInOneCommit(batches, spec, context);
  LoadResult result;
  result.duration_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.success = rows.ok();
  result.table_name = std::move(spec.name);
  result.loader_type = loader_type_;
  if (rows.ok()) {
    result.rows_loaded = *rows;
    result.ops_per_second = RatePerSecond(*rows, result.duration_seconds);
  } else {
    result.error = MessageOf(rows.status());
  }
  result.metadata = metadata(result.duration_seconds, result.success);
  return result;
}

LoadResult LoaderFront::LoadBatch(const std::shared_ptr<arrow::RecordBatch>& batch,
                                  const std::string& table, const LoadOptions& options) {
  const Status valid = batch == nullptr ? DataError("no batch was given") : batch->Validate();
  if (!valid.ok()) {
    return FailedLoad(WithContext(valid, loader_type_), table, LoadBatchMetadata(0, 0, 0));
  }
  return Load({batch}, MakeSpec(table, batch->schema(), options), options.context,
              [&](double seconds, bool success) {
                auto all = LoadBatchMetadata(batch->num_rows(), batch->num_columns(), seconds);
                if (success) all.merge(Extra([&] { return GetBatchMetadata(*batch, seconds); }));
                return all;
              });
}

LoadResult LoaderFront::LoadTable(const std::shared_ptr<arrow::Table>& rows,
                                  const std::string& table, const LoadOptions& options) {
  const auto batches =
      rows == nullptr ? Result<Batches>(DataError("no rows were given")) : SplitIntoBatches(*rows);
  if (!batches.ok()) {
    return FailedLoad(WithContext(batches.status(), loader_type_), table,
                      LoadTableMetadata(0, 0, 0, 0, 0));
  }
  const auto count = static_cast<int64_t>(batches->size());
  return Load(*batches, MakeSpec(table, rows->schema(), options), options.context,
              [&](double seconds, bool success) {
                auto all = LoadTableMetadata(rows->num_rows(), rows->num_columns(), count,
                                             BytesOf(*rows), seconds);
                if (success)
                  all.merge(Extra([&] { return GetTableMetadata(*rows, seconds, count); }));
                return all;
              });
}

LoadResult LoaderFront::FailedLoad(const Status& status, const std::string& table,
                                   Metadata metadata) const {
  LoadResult result;
  result.table_name = table;
  result.loader_type = loader_type_;
  result.error = MessageOf(status);
  result.metadata = std::move(metadata);
  return result;
}

}  // namespace ampload
