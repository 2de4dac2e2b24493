#include "loaders/lmdb/lmdb_loader.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "ampload/log.h"
#include "encode/type_matrix.h"
#include "loader/target.h"
#include "loaders/lmdb/catalog.h"
#include "loaders/lmdb/load_lock.h"
#include "loaders/lmdb/session.h"
#include "loaders/lmdb/table_reader.h"

namespace ampload::lmdb {
namespace {

namespace fs = std::filesystem;

LoaderTraits Traits() {
  LoaderTraits traits;
  traits.supported_modes = {LoadMode::kAppend, LoadMode::kOverwrite, LoadMode::kUpsert,
                            LoadMode::kMerge};
  traits.supports_transactions = true;
  traits.supports_overwrite = true;
  traits.supports_streaming = true;
  traits.supports_multi_network = true;
  traits.supports_null_values = true;
  traits.commit = CommitKind::kJournaled;
  traits.visibility = Visibility::kRow;
  return traits;
}

std::string LibraryVersion() {
  int major = 0;
  int minor = 0;
  int patch = 0;
  mdb_version(&major, &minor, &patch);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

bool HasEnvironment(const std::string& path) {
  std::error_code error;
  return fs::exists(fs::path(path) / "data.mdb", error);
}

// The nearest folder that exists decides whether a new environment can be made.
bool MayWrite(const std::string& path) {
  std::error_code error;
  fs::path folder = fs::absolute(path, error);
  if (!fs::exists(folder, error)) folder = folder.parent_path();
  return access(folder.c_str(), W_OK | X_OK) == 0;
}

bool IsInternal(std::string_view name) { return name.starts_with(kCatalogName); }

Status CheckTableIsTheUsers(const std::string& name) {
  if (!IsInternal(name)) return Status::OK();
  return ConfigurationError(
      "lmdb: names that begin with __ampload__ are ampload's own; choose another: table=" + name);
}

}  // namespace

const LoaderDescriptor& Descriptor() {
  static const auto* descriptor = [] {
    auto* made = new LoaderDescriptor;
    made->name = "lmdb";
    made->schemes = {"lmdb"};
    made->summary = "LMDB, an embedded key-value store: a folder, no server";
    made->example_uri = "lmdb:./data.lmdb";
    made->client = "liblmdb " + LibraryVersion();
    made->traits = Traits();
    made->options = LMDBOptions().specs();
    made->types = {encode::TableOf(encode::StoreFormat::kMsgpack),
                   encode::TableOf(encode::StoreFormat::kJson),
                   encode::TableOf(encode::StoreFormat::kArrowIpc)};
    made->parse_uri = [](std::string_view uri) { return ParsePathUri(uri, "path"); };
    made->make = [](const ConfigMap& config) -> Result<std::unique_ptr<Loader>> {
      ARROW_ASSIGN_OR_RAISE(auto parsed, LMDBOptions().Parse(config, "lmdb"));
      return std::make_unique<LMDBLoader>(std::move(parsed));
    };
    return made;
  }();
  return *descriptor;
}

LMDBLoader::LMDBLoader(LMDBConfig config) : DataLoader("lmdb", Traits(), std::move(config)) {}

LMDBLoader::~LMDBLoader() {
  if (const Status status = Disconnect(); !status.ok()) LogWarning("lmdb", MessageOf(status));
}

Result<std::shared_ptr<Environment>> LMDBLoader::OpenForReading() const {
  if (environment_ != nullptr) return environment_;
  if (!HasEnvironment(config().path)) return nullptr;
  auto options = config().environment(/*create=*/false);
  options.read_only = !MayWrite(config().path);
  return Environment::Open(config().path, options);
}

Status LMDBLoader::NoEnvironment() const {
  return ConfigurationError("lmdb: there is no LMDB environment here yet: path=" + config().path);
}

Status LMDBLoader::ConnectImpl(const CallContext& /*context*/) {
  if (config().path.empty())
    return ConfigurationError("lmdb: the path is empty; give a folder: lmdb:DIR");
  std::error_code error;
  if (fs::exists(config().path, error) && !HasEnvironment(config().path)) {
    // Refuses a file, or a folder of something else, before anything is made there.
    auto options = config().environment(/*create=*/false);
    const auto opened = Environment::Open(config().path, options);
    const bool empty_folder =
        fs::is_directory(config().path, error) && fs::is_empty(config().path, error);
    if (!opened.ok() && !empty_folder) return opened.status();
  } else if (!fs::exists(config().path, error)) {
    const auto parent = fs::absolute(config().path, error).parent_path();
    if (!fs::is_directory(parent, error)) {
      return ConfigurationError(
          "lmdb: the folder above the target is missing; make it first: path=" + config().path);
    }
  }
  ARROW_ASSIGN_OR_RAISE(environment_, OpenForReading());
  LogInfo("lmdb", "connected to " + config().path + ", liblmdb " + LibraryVersion() +
                      (environment_ == nullptr ? " (a new environment)" : ""));
  return Status::OK();
}

Status LMDBLoader::DisconnectImpl() {
  environment_.reset();
  return Status::OK();
}

Result<std::unique_ptr<WriteSession>> LMDBLoader::OpenSessionImpl(
    std::span<const TableSpec> tables) {
  const auto& spec = tables.front();
  ARROW_RETURN_NOT_OK(CheckTableIsTheUsers(spec.name));
  table_ = spec.name;
  return std::make_unique<LmdbSession>(config(), spec);
}

Result<std::vector<Checkpoint>> LMDBLoader::ReadCheckpointsImpl(const std::string& table) {
  ARROW_ASSIGN_OR_RAISE(const auto environment, OpenForReading());
  if (environment == nullptr) return std::vector<Checkpoint>();
  ARROW_ASSIGN_OR_RAISE(auto txn, environment->BeginRead());
  ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, false));
  ARROW_ASSIGN_OR_RAISE(auto checkpoints, catalog.ReadCheckpoints(table));
  ARROW_ASSIGN_OR_RAISE(const auto loads, catalog.ReadLoads(table));
  for (const auto& load : loads) {
    if (!load.has_early_rows) continue;
    ARROW_ASSIGN_OR_RAISE(const bool live, LoadLock::IsHeld(config().path, load.nonce));
    for (auto& checkpoint : checkpoints) {
      if (live || checkpoint.pipeline != load.pipeline) continue;
      checkpoint.unfinished = "rows are there ahead of their commit: " + load.Holder();
    }
  }
  return checkpoints;
}

Result<std::vector<std::string>> LMDBLoader::ListTablesImpl() {
  std::vector<std::string> tables;
  ARROW_ASSIGN_OR_RAISE(const auto environment, OpenForReading());
  if (environment == nullptr) return NoEnvironment();
  ARROW_ASSIGN_OR_RAISE(auto txn, environment->BeginRead());
  ARROW_ASSIGN_OR_RAISE(const auto main, txn.OpenMain());
  std::vector<std::string> names;
  ARROW_RETURN_NOT_OK(
      txn.ForEachPrefix(main, "", [&](std::string_view key, std::string_view) -> Result<bool> {
        if (!IsInternal(key) && key.find('\0') == std::string_view::npos) names.emplace_back(key);
        return true;
      }));
  for (auto& name : names) {
    const auto dbi = txn.OpenDatabase(name, false);  // fails for a plain key of the main database
    if (dbi.ok() && dbi->has_value()) tables.push_back(std::move(name));
  }
  return tables;
}

Result<std::optional<TableInfo>> LMDBLoader::GetTableInfoImpl(const std::string& table) {
  ARROW_ASSIGN_OR_RAISE(const auto environment, OpenForReading());
  if (environment == nullptr || IsInternal(table)) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(auto txn, environment->BeginRead());
  ARROW_ASSIGN_OR_RAISE(const auto dbi, txn.OpenDatabase(table, false));
  if (!dbi.has_value()) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(const auto stat, txn.Stat(*dbi));
  ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, false));
  ARROW_ASSIGN_OR_RAISE(const auto record, catalog.ReadTable(table));

  TableInfo info;
  info.table_name = table;
  info.exists = true;
  info.row_count = static_cast<int64_t>(stat.ms_entries);
  info.size_bytes = static_cast<int64_t>(
      (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) * stat.ms_psize);
  if (!record.has_value()) {
    info.columns = {{"key", "binary", false}, {"value", "binary", false}};
    return info;
  }
  info.schema = record->schema;
  info.keys = record->key.columns;
  if (info.keys.empty()) info.keys = {record->key.ToString()};
  for (const auto& field : record->schema->fields()) {
    info.columns.push_back({field->name(), field->type()->ToString(), field->nullable()});
  }
  return info;
}

Result<std::shared_ptr<arrow::Table>> LMDBLoader::ReadRowsImpl(const std::string& table,
                                                               const ReadOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto environment, OpenForReading());
  if (environment == nullptr) return NoEnvironment();
  return ReadTableRows(*environment, table, options.limit);
}

Result<TablePlan> LMDBLoader::PlanTableImpl(const TableSpec& table,
                                            const arrow::RecordBatch* sample) {
  ARROW_RETURN_NOT_OK(CheckTableIsTheUsers(table.name));
  ARROW_ASSIGN_OR_RAISE(auto environment, OpenForReading());
  return LmdbSession(config(), table).Plan(std::move(environment), sample);
}

Result<std::vector<CheckLine>> LMDBLoader::CheckImpl(const CallContext& /*context*/) {
  std::vector<CheckLine> lines;
  ARROW_ASSIGN_OR_RAISE(const auto environment, OpenForReading());
  lines.push_back({"reachable", true,
                   environment == nullptr ? "a new environment will be made" : config().path});
  lines.push_back({"version", true, "liblmdb " + LibraryVersion()});
  const bool may_write = MayWrite(config().path);
  lines.push_back({"may write", may_write, may_write ? "yes" : "no right to write in the folder"});
  std::error_code error;
  fs::path folder = fs::absolute(config().path, error);
  if (!fs::exists(folder, error)) folder = folder.parent_path();
  const auto space = fs::space(folder, error);
  if (!error) {
    lines.push_back(
        {"free space", space.available > 0, std::to_string(space.available >> 20) + " MiB"});
  }
  return lines;
}

Metadata LMDBLoader::AboutTheTable() const {
  Metadata metadata = {{"path", config().path}};
  const auto format = [&]() -> Result<std::string> {
    ARROW_ASSIGN_OR_RAISE(const auto environment, OpenForReading());
    if (environment == nullptr) return NoEnvironment();
    ARROW_ASSIGN_OR_RAISE(auto txn, environment->BeginRead());
    ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, false));
    ARROW_ASSIGN_OR_RAISE(const auto record, catalog.ReadTable(table_));
    if (!record.has_value()) return DataError("no such table");
    return std::string(ToString(record->value_format));
  }();
  if (format.ok()) metadata["value_format"] = *format;
  return metadata;
}

Metadata LMDBLoader::GetTableMetadata(const arrow::Table&, double, int64_t) {
  return AboutTheTable();
}
Metadata LMDBLoader::GetBatchMetadata(const arrow::RecordBatch&, double) { return AboutTheTable(); }

}  // namespace ampload::lmdb
