// Looks into a PostgreSQL server with libpq, over connections of its own. A database that goes back
// in time is dropped and made again from a copy: one for tests alone.
#include <libpq-fe.h>

#include "ampload/data_loader.h"
#include "conformance/kit/built_in_configs.h"
#include "conformance/loaders/postgresql_rows.h"
#include "conformance/loaders/postgresql_server.h"
#include "loaders/postgresql/names.h"
#include "loaders/postgresql/postgresql_config.h"

namespace ampload::conformance {
namespace {

using postgresql::PostgreSQLConfig;
using postgresql::TableName;

constexpr char kDatabase[] = "loaded";
constexpr char kElsewhere[] = "template1";  // to connect to while another database is copied
// The loader's own tables, in the schema of those that they are about.
constexpr const char* kOwnTables[] = {"ampload_checkpoints", "ampload_undo", "ampload_loads"};

class PostgreSQLTestConfig final : public LoaderTestConfig {
 public:
  Result<ConfigMap> StartStore() override {
    ARROW_ASSIGN_OR_RAISE(server_, StartPostgreSQL());
    ARROW_ASSIGN_OR_RAISE(
        const auto connection,
        ConnectTo({{"host", server_->folder()}, {"user", "postgres"}, {"dbname", kElsewhere}}));
    ARROW_RETURN_NOT_OK(
        AskServer(connection.get(), std::string("CREATE DATABASE ") + kDatabase).status());
    return ConfigMap{{"host", server_->folder()}, {"user", "postgres"}, {"dbname", kDatabase}};
  }

  Result<int64_t> GetRowCount(Loader& loader, const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(const auto name, NameOf(loader, table));
    ARROW_ASSIGN_OR_RAISE(const auto connection, Open(loader));
    ARROW_ASSIGN_OR_RAISE(const auto columns,
                          ColumnsOfTable(connection.get(), name.schema, name.name));
    if (columns.empty()) return 0;
    ARROW_ASSIGN_OR_RAISE(const auto rows,
                          AskServer(connection.get(), "SELECT count(*) FROM " + name.sql()));
    return std::atoll(PQgetvalue(rows.get(), 0, 0));
  }

  Result<std::shared_ptr<arrow::Table>> QueryRows(Loader& loader, const std::string& table,
                                                  std::span<const Predicate> where,
                                                  std::span<const std::string> order_by) override {
    ARROW_ASSIGN_OR_RAISE(const auto name, NameOf(loader, table));
    ARROW_ASSIGN_OR_RAISE(const auto connection, Open(loader));
    ARROW_ASSIGN_OR_RAISE(const auto rows, ReadTableRows(connection.get(), name.schema, name.name));
    return SelectRows(rows, where, order_by);
  }

  Status CleanupTable(Loader& loader, const std::string& table) override {
    const auto parsed = NameOf(loader, table);
    if (!parsed.ok()) return Status::OK();  // a name that no table can have
    const auto& name = *parsed;
    ARROW_ASSIGN_OR_RAISE(const auto connection, Open(loader));
    ARROW_RETURN_NOT_OK(
        AskServer(connection.get(), "DROP TABLE IF EXISTS " + name.sql() + " CASCADE").status());
    for (const char* own : kOwnTables) {
      const TableName own_name{name.schema, own};
      ARROW_ASSIGN_OR_RAISE(const auto columns,
                            ColumnsOfTable(connection.get(), own_name.schema, own_name.name));
      if (columns.empty()) continue;
      ARROW_RETURN_NOT_OK(AskServer(connection.get(),
                                    "DELETE FROM " + own_name.sql() + " WHERE table_name = $1",
                                    {name.name})
                              .status());
    }
    return Status::OK();
  }

  Result<std::vector<std::string>> GetColumnNames(Loader& loader,
                                                  const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(const auto name, NameOf(loader, table));
    ARROW_ASSIGN_OR_RAISE(const auto connection, Open(loader));
    return ColumnsOfTable(connection.get(), name.schema, name.name);
  }

  ConfigMap SmallSteps() override { return {{"flush_bytes", "16KiB"}}; }

  // Copies of the whole database, which keep the tables' oids.
  bool can_go_back() const override { return true; }
  Status RememberStore(const ConfigMap& options) override { return Copy(options, /*back=*/false); }
  Status RestoreStore(const ConfigMap& options) override { return Copy(options, /*back=*/true); }

 private:
  static Status Copy(const ConfigMap& options, bool back) {
    ARROW_ASSIGN_OR_RAISE(const auto config,
                          postgresql::PostgreSQLOptions().Parse(options, "postgresql"));
    ARROW_ASSIGN_OR_RAISE(auto keywords, config.keywords());
    std::string from;
    {
      ARROW_ASSIGN_OR_RAISE(const auto own, ConnectTo(keywords));
      from = PQdb(own.get());
    }
    std::string to = from + "_remembered";
    if (back) from.swap(to);
    keywords["dbname"] = kElsewhere;
    ARROW_ASSIGN_OR_RAISE(const auto connection, ConnectTo(keywords));
    // What a killed process has left may be there still, and no database in use is copied.
    ARROW_RETURN_NOT_OK(AskServer(connection.get(),
                                  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                  "WHERE datname = $1",
                                  {from})
                            .status());
    ARROW_RETURN_NOT_OK(AskServer(connection.get(), "DROP DATABASE IF EXISTS " +
                                                        postgresql::Quoted(to) + " WITH (FORCE)")
                            .status());
    return AskServer(connection.get(), "CREATE DATABASE " + postgresql::Quoted(to) + " TEMPLATE " +
                                           postgresql::Quoted(from))
        .status();
  }

  static Result<const PostgreSQLConfig*> ConfigOf(const Loader& loader) {
    const auto* mine = dynamic_cast<const DataLoader<PostgreSQLConfig>*>(&loader);
    if (mine == nullptr) return ConfigurationError("this is no PostgreSQL loader");
    return &mine->config();
  }

  static Result<PgConnection> Open(const Loader& loader) {
    ARROW_ASSIGN_OR_RAISE(const auto* config, ConfigOf(loader));
    ARROW_ASSIGN_OR_RAISE(const auto keywords, config->keywords());
    return ConnectTo(keywords);
  }

  static Result<TableName> NameOf(const Loader& loader, const std::string& table) {
    ARROW_ASSIGN_OR_RAISE(const auto* config, ConfigOf(loader));
    return postgresql::ParseTableName(table, config->schema.empty() ? "public" : config->schema);
  }

  std::unique_ptr<PrivateServer> server_;
};

}  // namespace

std::unique_ptr<LoaderTestConfig> MakePostgreSQLTestConfig() {
  return std::make_unique<PostgreSQLTestConfig>();
}

}  // namespace ampload::conformance
