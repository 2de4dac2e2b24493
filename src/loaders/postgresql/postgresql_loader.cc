#include "loaders/postgresql/postgresql_loader.h"

#include <utility>

#include "ampload/log.h"
#include "encode/type_matrix.h"
#include "loaders/postgresql/check.h"
#include "loaders/postgresql/checkpoint_table.h"
#include "loaders/postgresql/own_tables.h"
#include "loaders/postgresql/plan.h"
#include "loaders/postgresql/session.h"
#include "loaders/postgresql/table_reader.h"

namespace ampload::postgresql {
namespace {

LoaderTraits Traits() {
  LoaderTraits traits;
  traits.supported_modes = {LoadMode::kAppend, LoadMode::kOverwrite, LoadMode::kUpsert,
                            LoadMode::kMerge};
  traits.supports_transactions = true;
  traits.supports_overwrite = true;
  traits.supports_streaming = true;
  traits.supports_multi_network = true;
  traits.supports_null_values = true;
  traits.supports_parallel = true;
  traits.commit = CommitKind::kAtomic;
  traits.visibility = Visibility::kCommit;
  return traits;
}

TypeTable Types() {
  TypeTable table = encode::TableOf(encode::StoreFormat::kPostgreSQL);
  table.format.clear();  // it has no other
  return table;
}

constexpr int64_t kCountedBytes = 256 << 20;

Status NoSuchTable(const TableName& name) {
  return ConfigurationError("postgresql: there is no such table: table=" + name.text());
}

}  // namespace

const LoaderDescriptor& Descriptor() {
  static const auto* descriptor = [] {
    auto* made = new LoaderDescriptor;
    made->name = "postgresql";
    made->schemes = {"postgresql", "postgres"};
    made->summary = "PostgreSQL 13 and later: binary COPY, one transaction a commit";
    made->example_uri = "postgresql://user@localhost/db";
    made->client = "libpq " + VersionText(PQlibVersion());
    made->traits = Traits();
    made->options = PostgreSQLOptions().specs();
    made->types = {Types()};
    made->parse_uri = ParsePostgreSQLUri;
    made->make = [](const ConfigMap& config) -> Result<std::unique_ptr<Loader>> {
      ARROW_ASSIGN_OR_RAISE(auto parsed, ParsePostgreSQLConfig(config));
      return std::make_unique<PostgreSQLLoader>(std::move(parsed));
    };
    return made;
  }();
  return *descriptor;
}

PostgreSQLLoader::PostgreSQLLoader(PostgreSQLConfig config)
    : DataLoader("postgresql", Traits(), std::move(config)) {}

PostgreSQLLoader::~PostgreSQLLoader() {
  if (const Status status = Disconnect(); !status.ok()) {
    LogWarning("postgresql", MessageOf(status));
  }
}

template <class Verb>
auto PostgreSQLLoader::Read(Verb verb) -> decltype(verb(std::declval<Connection&>())) {
  if (connection_ != nullptr && connection_->is_alive()) {
    auto result = verb(*connection_);
    if (result.ok() || connection_->is_alive()) return result;
  }
  ARROW_RETURN_NOT_OK(Open({}));
  return verb(*connection_);
}

Status PostgreSQLLoader::Open(const CallContext& context) {
  connection_.reset();
  ARROW_ASSIGN_OR_RAISE(const auto keywords, config().keywords());
  ARROW_ASSIGN_OR_RAISE(auto opened, Connection::Open(keywords, context));
  ARROW_RETURN_NOT_OK(CheckVersion(*opened));
  connection_ = std::move(opened);
  return Status::OK();
}

Result<TableName> PostgreSQLLoader::NameOf(const std::string& table) const {
  ARROW_ASSIGN_OR_RAISE(auto name, ParseTableName(table, config().schema));
  if (!IsOwnTable(name.name)) return name;
  return ConfigurationError(
      "postgresql: this is a table of ampload's own; choose another name: table=" + name.text());
}

Status PostgreSQLLoader::ConnectImpl(const CallContext& context) {
  ARROW_RETURN_NOT_OK(Open(context));
  LogInfo("postgresql", "connected to database " + connection_->database() + " at " +
                            connection_->host() + ", PostgreSQL " +
                            VersionText(connection_->server_version()) +
                            (connection_->encrypted() ? ", TLS" : ""));
  return Status::OK();
}

Status PostgreSQLLoader::DisconnectImpl() {
  connection_.reset();
  return Status::OK();
}

Result<std::unique_ptr<WriteSession>> PostgreSQLLoader::OpenSessionImpl(
    std::span<const TableSpec> tables) {
  const auto& spec = tables.front();
  ARROW_ASSIGN_OR_RAISE(table_, NameOf(spec.name));
  return std::make_unique<PostgresSession>(config(), table_, spec);
}

Result<std::vector<Checkpoint>> PostgreSQLLoader::ReadCheckpointsImpl(const std::string& table) {
  ARROW_ASSIGN_OR_RAISE(const auto name, ParseTableName(table, config().schema));
  return Read([&](Connection& connection) -> Result<std::vector<Checkpoint>> {
    CheckpointTable checkpoints(connection, name.schema);
    ARROW_ASSIGN_OR_RAISE(const bool exists, checkpoints.Exists({}));
    if (!exists) return std::vector<Checkpoint>();
    return checkpoints.ReadAll(name.name, {});
  });
}

Result<std::vector<std::string>> PostgreSQLLoader::ListTablesImpl() {
  return Read([&](Connection& connection) -> Result<std::vector<std::string>> {
    ARROW_ASSIGN_OR_RAISE(
        const auto rows,
        connection.Query("SELECT c.relname FROM pg_catalog.pg_class c"
                         " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                         " WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')"
                         " AND NOT c.relispartition"
                         " AND pg_catalog.has_table_privilege(c.oid, 'SELECT')",
                         {config().schema}, {}));
    std::vector<std::string> tables;
    for (int row = 0; row < rows.size(); ++row) {
      const std::string name(rows.text(row, 0));
      if (!IsOwnTable(name)) tables.push_back(AsWritten({config().schema, name}, config().schema));
    }
    std::sort(tables.begin(), tables.end());
    return tables;
  });
}

namespace {

// A count reads the whole table. A large one is not counted where the server has a guess.
Status CountRows(Connection& connection, const PgTable& table, TableInfo* info) {
  if (info->size_bytes > kCountedBytes) {
    ARROW_ASSIGN_OR_RAISE(
        const auto guess,
        connection.Query("SELECT reltuples::pg_catalog.int8 FROM pg_catalog.pg_class WHERE oid = "
                         "$1::pg_catalog.oid AND reltuples > 0",
                         {std::to_string(table.oid)}, {}));
    if (!guess.empty()) {
      info->row_count = guess.integer(0, 0);
      info->row_count_is_estimate = true;
      return Status::OK();
    }
  }
  ARROW_ASSIGN_OR_RAISE(
      const auto count,
      connection.Query("SELECT pg_catalog.count(*) FROM " + table.name.sql(), {}));
  info->row_count = count.integer(0, 0);
  return Status::OK();
}

}  // namespace

Result<std::optional<TableInfo>> PostgreSQLLoader::GetTableInfoImpl(const std::string& table) {
  ARROW_ASSIGN_OR_RAISE(const auto name, ParseTableName(table, config().schema));
  if (IsOwnTable(name.name)) return std::nullopt;
  return Read([&](Connection& connection) -> Result<std::optional<TableInfo>> {
    ARROW_ASSIGN_OR_RAISE(const auto found, DescribeTable(connection, name, {}));
    if (!found.has_value()) return std::nullopt;
    TableInfo info;
    info.table_name = table;
    info.exists = true;
    arrow::FieldVector fields;
    for (const auto& column : found->columns) {
      info.columns.push_back({column.name, column.type.name, !column.not_null});
      fields.push_back(
          arrow::field(column.name, encode::pg::ArrowTypeOf(column.type), !column.not_null));
    }
    info.schema = arrow::schema(std::move(fields));
    for (const auto& key : found->unique_keys) {
      if (key.primary) info.keys = key.columns;
    }
    ARROW_ASSIGN_OR_RAISE(
        const auto size,
        connection.Query("SELECT pg_catalog.pg_total_relation_size($1::pg_catalog.oid) +"
                         " COALESCE((SELECT pg_catalog.sum("
                         "pg_catalog.pg_total_relation_size(p.relid))::pg_catalog.int8"
                         " FROM pg_catalog.pg_partition_tree($1::pg_catalog.oid::"
                         "pg_catalog.regclass) p WHERE p.relid <> $1::pg_catalog.oid), 0)",
                         {std::to_string(found->oid)}, {}));
    info.size_bytes = size.integer(0, 0);
    ARROW_RETURN_NOT_OK(CountRows(connection, *found, &info));
    return info;
  });
}

Result<std::shared_ptr<arrow::Table>> PostgreSQLLoader::ReadRowsImpl(const std::string& table,
                                                                     const ReadOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto name, ParseTableName(table, config().schema));
  return Read([&](Connection& connection) -> Result<std::shared_ptr<arrow::Table>> {
    ARROW_ASSIGN_OR_RAISE(const auto found, DescribeTable(connection, name, {}));
    if (!found.has_value()) return NoSuchTable(name);
    return ReadTableRows(connection, *found, options.limit, {});
  });
}

Result<TablePlan> PostgreSQLLoader::PlanTableImpl(const TableSpec& table,
                                                  const arrow::RecordBatch* sample) {
  ARROW_ASSIGN_OR_RAISE(const auto name, NameOf(table.name));
  return Read([&](Connection& connection) {
    return PlanLoad(connection, config(), name, table, sample, {});
  });
}

Result<std::vector<CheckLine>> PostgreSQLLoader::CheckImpl(const CallContext& context) {
  return Read([&](Connection& connection) { return CheckServer(connection, config(), context); });
}

Metadata PostgreSQLLoader::AboutTheTable() const {
  Metadata metadata = {{"schema", table_.schema}};
  if (connection_ != nullptr) metadata["database"] = connection_->database();
  return metadata;
}

Metadata PostgreSQLLoader::GetTableMetadata(const arrow::Table&, double, int64_t) {
  return AboutTheTable();
}
Metadata PostgreSQLLoader::GetBatchMetadata(const arrow::RecordBatch&, double) {
  return AboutTheTable();
}

}  // namespace ampload::postgresql
