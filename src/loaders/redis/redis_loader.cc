#include "loaders/redis/redis_loader.h"

#include <hiredis/hiredis.h>

#include <utility>

#include "ampload/log.h"
#include "encode/type_matrix.h"
#include "loaders/redis/catalog.h"
#include "loaders/redis/check.h"
#include "loaders/redis/names.h"
#include "loaders/redis/plan.h"
#include "loaders/redis/session.h"
#include "loaders/redis/structure.h"
#include "loaders/redis/table_reader.h"
#include "loaders/redis/table_rules.h"

namespace ampload::redis {
namespace {

const LoaderTraits& TraitsOf(const RedisConfig& config) {
  return FactsOf(StructureOf(config.structure).value_or(Structure::kHash)).traits;
}

Status CheckTableIsTheUsers(const std::string& table) {
  if (!IsOwnKey(table)) return Status::OK();
  return ConfigurationError(
      "redis: names that begin with __ampload__: are ampload's own; choose another: table=" +
      table);
}

Status NoSuchTable(const std::string& table) {
  return ConfigurationError("redis: there is no such table of ampload's: table=" + table);
}

// What a row of this table is identified by, for a person.
std::vector<std::string> KeysOf(const TableRecord& record) {
  if (!record.key_columns.empty()) return record.key_columns;
  switch (record.structure) {
    case Structure::kStream:
      return {"entry id"};
    case Structure::kSet:
    case Structure::kSortedSet:
      return {"the row itself"};
    case Structure::kList:
      return {"place in the list"};
    default:
      return {"row number"};
  }
}

}  // namespace

const LoaderDescriptor& Descriptor() {
  static const auto* descriptor = [] {
    auto* made = new LoaderDescriptor;
    made->name = "redis";
    made->schemes = {"redis", "rediss", "unix", "redis+unix"};
    made->summary = "Redis 6.2 and later: hashes, strings, streams, sets, lists; pipelined";
    made->example_uri = "redis://localhost:6379/0";
    made->client = "libhiredis " + std::to_string(HIREDIS_MAJOR) + "." +
                   std::to_string(HIREDIS_MINOR) + "." + std::to_string(HIREDIS_PATCH);
    made->traits = FactsOf(Structure::kHash).traits;
    made->options = RedisOptions().specs();
    made->types = {encode::TableOf(encode::StoreFormat::kText),
                   encode::TableOf(encode::StoreFormat::kJson),
                   encode::TableOf(encode::StoreFormat::kMsgpack)};
    made->parse_uri = ParseRedisUri;
    made->make = [](const ConfigMap& config) -> Result<std::unique_ptr<Loader>> {
      ARROW_ASSIGN_OR_RAISE(const auto parsed, ParseRedisConfig(config));
      return std::make_unique<RedisLoader>(parsed);
    };
    return made;
  }();
  return *descriptor;
}

RedisLoader::RedisLoader(const RedisConfig& config)
    : DataLoader("redis", TraitsOf(config), config) {}

RedisLoader::~RedisLoader() {
  if (const Status status = Disconnect(); !status.ok()) LogWarning("redis", MessageOf(status));
}

template <class Verb>
auto RedisLoader::Read(Verb verb) -> decltype(verb(std::declval<Connection&>())) {
  if (connection_ != nullptr && connection_->is_alive()) {
    auto result = verb(*connection_);
    if (result.ok() || connection_->is_alive()) return result;
  }
  ARROW_RETURN_NOT_OK(Open({}));
  return verb(*connection_);
}

Status RedisLoader::Open(const CallContext& context) {
  connection_.reset();
  ARROW_ASSIGN_OR_RAISE(connection_, Connection::Open(config(), context));
  return Status::OK();
}

Status RedisLoader::ConnectImpl(const CallContext& context) {
  ARROW_RETURN_NOT_OK(Open(context));
  LogInfo("redis", "connected to database " + std::to_string(config().database) + " at " +
                       connection_->where() + ", Redis " + connection_->server().version +
                       (connection_->encrypted() ? ", TLS" : ""));
  return Status::OK();
}

Status RedisLoader::DisconnectImpl() {
  connection_.reset();
  return Status::OK();
}

Result<std::unique_ptr<WriteSession>> RedisLoader::OpenSessionImpl(
    std::span<const TableSpec> tables) {
  const auto& spec = tables.front();
  ARROW_RETURN_NOT_OK(CheckTableIsTheUsers(spec.name));
  ARROW_RETURN_NOT_OK(Read([&](Connection& connection) -> Status {
    ARROW_RETURN_NOT_OK(CheckForLoad(connection.server(), config(), spec));
    for (const auto& warning : WarningsOf(connection.server())) LogWarning("redis", warning);
    return CheckStructure(connection, config(), spec.name, {});
  }));
  table_ = spec.name;
  return std::make_unique<RedisSession>(config(), spec);
}

Result<std::vector<Checkpoint>> RedisLoader::ReadCheckpointsImpl(const std::string& table) {
  return Read(
      [&](Connection& connection) { return redis::ReadCheckpoints(connection, table, {}); });
}

Result<std::vector<std::string>> RedisLoader::ListTablesImpl() {
  return Read([](Connection& connection) { return ReadTableNames(connection, {}); });
}

Result<std::optional<TableInfo>> RedisLoader::GetTableInfoImpl(const std::string& table) {
  return Read([&](Connection& connection) -> Result<std::optional<TableInfo>> {
    ARROW_ASSIGN_OR_RAISE(const auto record, ReadTable(connection, table, {}));
    if (!record.has_value()) return std::nullopt;
    TableInfo info;
    info.table_name = table;
    info.exists = true;
    ARROW_ASSIGN_OR_RAISE(info.row_count, CountRows(connection, table, *record, {}));
    info.row_count_is_estimate = record->expires;
    ARROW_ASSIGN_OR_RAISE(info.size_bytes,
                          GuessSize(connection, table, *record, info.row_count, {}));
    info.schema = record->schema;
    info.keys = KeysOf(*record);
    for (const auto& field : record->schema->fields()) {
      info.columns.push_back({field->name(), field->type()->ToString(), field->nullable()});
    }
    return info;
  });
}

Result<std::shared_ptr<arrow::Table>> RedisLoader::ReadRowsImpl(const std::string& table,
                                                                const ReadOptions& options) {
  return Read([&](Connection& connection) -> Result<std::shared_ptr<arrow::Table>> {
    ARROW_ASSIGN_OR_RAISE(const auto record, ReadTable(connection, table, {}));
    if (!record.has_value()) return NoSuchTable(table);
    return ReadTableRows(connection, table, *record, options.limit, {});
  });
}

Result<TablePlan> RedisLoader::PlanTableImpl(const TableSpec& table,
                                             const arrow::RecordBatch* sample) {
  ARROW_RETURN_NOT_OK(CheckTableIsTheUsers(table.name));
  return Read([&](Connection& connection) -> Result<TablePlan> {
    ARROW_RETURN_NOT_OK(CheckForLoad(connection.server(), config(), table));
    ARROW_RETURN_NOT_OK(CheckStructure(connection, config(), table.name, {}));
    return PlanLoad(connection, config(), table, sample, {});
  });
}

Result<std::vector<CheckLine>> RedisLoader::CheckImpl(const CallContext& context) {
  return Read([&](Connection& connection) { return CheckServer(connection, config(), context); });
}

Metadata RedisLoader::AboutTheTable() {
  Metadata metadata = {{"database", std::to_string(config().database)}};
  const auto record =
      Read([&](Connection& connection) { return ReadTable(connection, table_, {}); });
  if (connection_ != nullptr) metadata["server"] = connection_->where();
  if (record.ok() && record->has_value()) {
    metadata["structure"] = std::string(FactsOf((*record)->structure).name);
  }
  return metadata;
}

Metadata RedisLoader::GetTableMetadata(const arrow::Table&, double, int64_t) {
  return AboutTheTable();
}
Metadata RedisLoader::GetBatchMetadata(const arrow::RecordBatch&, double) {
  return AboutTheTable();
}

}  // namespace ampload::redis
