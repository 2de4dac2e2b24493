#include "loaders/deltalake/deltalake_loader.h"

#include <arrow/util/config.h>

#include <utility>

#include "ampload/log.h"
#include "encode/type_matrix.h"
#include "loaders/deltalake/check.h"
#include "loaders/deltalake/features.h"
#include "loaders/deltalake/history.h"
#include "loaders/deltalake/log.h"
#include "loaders/deltalake/pipelines.h"
#include "loaders/deltalake/plan.h"
#include "loaders/deltalake/session.h"
#include "loaders/deltalake/table_name.h"
#include "loaders/deltalake/tables.h"

namespace ampload::deltalake {
namespace {

constexpr int kTries = 5;  // of reading what others write

LoaderTraits Traits() {
  LoaderTraits traits;
  traits.supported_modes = {LoadMode::kAppend, LoadMode::kOverwrite};
  traits.supports_transactions = true;
  traits.supports_overwrite = true;
  traits.supports_streaming = true;
  traits.supports_multi_network = true;
  traits.supports_null_values = true;
  traits.supports_keys = false;
  traits.commit = CommitKind::kAtomic;
  traits.visibility = Visibility::kCommit;
  return traits;
}

TypeTable Types() {
  TypeTable table = encode::TableOf(encode::StoreFormat::kDelta);
  table.format.clear();  // it has no other
  return table;
}

// A table that we read: null where there is none.
Result<std::optional<Snapshot>> ReadTable(const std::shared_ptr<lake::ObjectStore>& folder) {
  Log log(folder);
  ARROW_ASSIGN_OR_RAISE(auto snapshot, log.ReadLatest({}));
  if (!snapshot.exists()) return std::nullopt;
  ARROW_RETURN_NOT_OK(
      CheckReadable(snapshot.protocol, snapshot.metadata, "table=" + folder->root()));
  return snapshot;
}

// The files of such a table; null where there is none.
Result<const TableFiles*> FilesOf(const std::shared_ptr<lake::ObjectStore>& folder,
                                  std::optional<Snapshot>* table) {
  if (!table->has_value()) return nullptr;
  return Log(folder).ReadFiles(&**table, {});
}

}  // namespace

const LoaderDescriptor& Descriptor() {
  static const auto* descriptor = [] {
    auto* made = new LoaderDescriptor;
    made->name = "deltalake";
    made->schemes = {"delta"};
    made->summary = "Delta Lake: Parquet files and a log, in a folder or an S3 bucket; no server";
    made->example_uri = "delta:./lake";
    made->client = "Parquet of Arrow " ARROW_VERSION_STRING ", the protocol our own";
    made->traits = Traits();
    made->options = DeltaLakeOptions().specs();
    made->types = {Types()};
    made->parse_uri = ParseDeltaLakeUri;
    made->make = [](const ConfigMap& config) -> Result<std::unique_ptr<Loader>> {
      ARROW_ASSIGN_OR_RAISE(auto parsed, ParseDeltaLakeConfig(config));
      return std::make_unique<DeltaLakeLoader>(std::move(parsed));
    };
    return made;
  }();
  return *descriptor;
}

DeltaLakeLoader::DeltaLakeLoader(DeltaLakeStorageConfig config)
    : DataLoader("deltalake", Traits(), std::move(config)) {}

DeltaLakeLoader::~DeltaLakeLoader() {
  if (const Status status = Disconnect(); !status.ok()) LogWarning("deltalake", MessageOf(status));
}

Result<std::shared_ptr<lake::ObjectStore>> DeltaLakeLoader::FolderOf(
    const std::string& table) const {
  ARROW_RETURN_NOT_OK(CheckTableFolder(table));
  return root_->Below(table);
}

Status DeltaLakeLoader::ConnectImpl(const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto root, lake::OpenObjectStore(config().path, config().store(), context));
  ARROW_RETURN_NOT_OK(CheckTarget(*root, config(), context));
  root_ = std::move(root);
  LogInfo("deltalake", "connected to " + root_->root() +
                           (config().endpoint.empty() ? "" : " at " + config().endpoint));
  return Status::OK();
}

Status DeltaLakeLoader::DisconnectImpl() {
  root_.reset();
  return Status::OK();
}

Result<std::unique_ptr<WriteSession>> DeltaLakeLoader::OpenSessionImpl(
    std::span<const TableSpec> tables) {
  const auto& spec = tables.front();
  ARROW_ASSIGN_OR_RAISE(auto folder, FolderOf(spec.name));
  folder_ = folder->root();
  return std::make_unique<DeltaSession>(config(), std::move(folder), spec);
}

Result<std::vector<Checkpoint>> DeltaLakeLoader::ReadCheckpointsImpl(const std::string& table) {
  ARROW_ASSIGN_OR_RAISE(const auto folder, FolderOf(table));
  // A pipeline that goes on meanwhile deletes the record that the snapshot tells of.
  for (int i = 0;; ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto snapshot, ReadTable(folder));
    if (!snapshot.has_value()) return std::vector<Checkpoint>();
    auto found = deltalake::ReadCheckpoints(*folder, *snapshot, {});
    if (found.ok() || StoreCodeOf(found.status()) != kRecordMissing || i == kTries) return found;
  }
}

Result<std::vector<std::string>> DeltaLakeLoader::ListTablesImpl() {
  return FindTables(*root_, {});
}

Result<std::optional<TableInfo>> DeltaLakeLoader::GetTableInfoImpl(const std::string& table) {
  ARROW_ASSIGN_OR_RAISE(const auto folder, FolderOf(table));
  ARROW_ASSIGN_OR_RAISE(auto snapshot, ReadTable(folder));
  ARROW_ASSIGN_OR_RAISE(const auto* files, FilesOf(folder, &snapshot));
  if (files == nullptr) return std::nullopt;
  return DescribeTable(*folder, table, *snapshot, *files, {});
}

Result<std::shared_ptr<arrow::Table>> DeltaLakeLoader::ReadRowsImpl(const std::string& table,
                                                                    const ReadOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto folder, FolderOf(table));
  ARROW_ASSIGN_OR_RAISE(auto snapshot, ReadTable(folder));
  ARROW_ASSIGN_OR_RAISE(const auto* files, FilesOf(folder, &snapshot));
  if (files == nullptr) {
    return ConfigurationError("deltalake: there is no such table: table=" + folder->root());
  }
  return ReadTableRows(*folder, *snapshot, *files, options.limit, {});
}

Result<std::vector<HistoryEntry>> DeltaLakeLoader::ReadHistoryImpl(const std::string& table,
                                                                   int64_t limit) {
  ARROW_ASSIGN_OR_RAISE(const auto folder, FolderOf(table));
  return ReadTableHistory(folder, limit, {});
}

Result<TablePlan> DeltaLakeLoader::PlanTableImpl(const TableSpec& table,
                                                 const arrow::RecordBatch* sample) {
  ARROW_ASSIGN_OR_RAISE(const auto folder, FolderOf(table.name));
  ARROW_ASSIGN_OR_RAISE(auto snapshot, ReadTable(folder));
  ARROW_ASSIGN_OR_RAISE(const auto* files, FilesOf(folder, &snapshot));
  return PlanLoad(config(), table, snapshot.has_value() ? &*snapshot : nullptr, files,
                  folder->root(), sample);
}

Result<std::vector<CheckLine>> DeltaLakeLoader::CheckImpl(const CallContext& context) {
  return CheckLake(*root_, config(), context);
}

ampload::Metadata DeltaLakeLoader::GetTableMetadata(const arrow::Table&, double, int64_t) {
  return {{"path", folder_}};
}
ampload::Metadata DeltaLakeLoader::GetBatchMetadata(const arrow::RecordBatch&, double) {
  return {{"path", folder_}};
}

}  // namespace ampload::deltalake
