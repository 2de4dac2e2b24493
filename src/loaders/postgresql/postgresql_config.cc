#include "loaders/postgresql/postgresql_config.h"

#include <cstdlib>
#include <limits>
#include <utility>

#include "loaders/postgresql/partitions.h"

namespace ampload::postgresql {
namespace {

using Table = OptionTable<PostgreSQLConfig>;

void AddConnection(Table* table) {
  table
      ->Add({.name = "connection",
             .secret = true,
             .env = "DATABASE_URL",
             .meaning = "a postgresql:// URI, or libpq's keywords: host=db1 dbname=chain; what is "
                        "said nowhere, libpq takes from PGHOST, PGUSER ..."},
            &PostgreSQLConfig::connection)
      .Add({.name = "host", .meaning = "server, or the folder of its socket"},
           &PostgreSQLConfig::host)
      .Add({.name = "port", .meaning = "port of the server"}, &PostgreSQLConfig::port)
      .Add({.name = "dbname", .meaning = "database"}, &PostgreSQLConfig::dbname)
      .Add({.name = "user", .meaning = "role to connect as"}, &PostgreSQLConfig::user)
      .Add({.name = "password",
            .secret = true,
            .meaning = "its password; else password_file, PGPASSWORD or ~/.pgpass"},
           &PostgreSQLConfig::password)
      .Add({.name = "password_file", .meaning = "file whose first line is the password"},
           &PostgreSQLConfig::password_file)
      .Add({.name = "service", .meaning = "entry of the connection service file"},
           &PostgreSQLConfig::service)
      .Add({.name = "sslmode",
            .meaning = "disable, allow, prefer, require, verify-ca or verify-full; when not given "
                       "libpq's own: prefer"},
           &PostgreSQLConfig::sslmode)
      .Add({.name = "sslrootcert", .meaning = "file of the certificates to trust"},
           &PostgreSQLConfig::sslrootcert)
      .Add({.name = "sslcert", .meaning = "file of the client's certificate"},
           &PostgreSQLConfig::sslcert)
      .Add({.name = "sslkey", .meaning = "file of the client's key"}, &PostgreSQLConfig::sslkey)
      .Add({.name = "connect_timeout",
            .type = OptionType::kDuration,
            .meaning = "how long to try one address; when not given 10s, in a URI or keywords "
                       "seconds"},
           &PostgreSQLConfig::connect_timeout)
      .Add({.name = "application_name",
            .meaning = "shown in pg_stat_activity; when not given "
                       "PGAPPNAME, else ampload"},
           &PostgreSQLConfig::application_name);
}

void AddTables(Table* table) {
  table
      ->Add({.name = "schema",
             .default_value = "public",
             .meaning = "schema of tables whose name has none"},
            &PostgreSQLConfig::schema)
      .Add({.name = "unlogged",
            .meaning = "new tables are UNLOGGED: quicker, and empty after a crash of the server"},
           &PostgreSQLConfig::unlogged)
      .Add({.name = "tablespace", .meaning = "tablespace of new tables"},
           &PostgreSQLConfig::tablespace)
      .Add({.name = "partition_by",
            .meaning = "COLUMN:N: new tables are partitioned by ranges of N of an integer column, "
                       "and partitions are made as rows need them"},
           &PostgreSQLConfig::partition_by)
      .Add({.name = "overwrite",
            .default_value = "delete",
            .meaning = "how old rows go: delete: readers see them until the commit; truncate: "
                       "quicker, readers wait until the commit",
            .choices = {"delete", "truncate"}},
           &PostgreSQLConfig::overwrite)
      .Add({.name = "after_load",
            .meaning = "SQL to run after a load that is no stream, in its transaction; {table} is "
                       "the table's quoted name"},
           &PostgreSQLConfig::after_load);
}

void AddLimits(Table* table) {
  table
      ->Add({.name = "lock_timeout",
             .type = OptionType::kDuration,
             .default_value = "10s",
             .meaning = "how long to wait for a lock before saying who holds it; 0s: for ever"},
            &PostgreSQLConfig::lock_timeout)
      .Add({.name = "idle_timeout",
            .type = OptionType::kDuration,
            .default_value = "5m",
            .meaning = "the server ends a transaction of ours that stands still for so long; 0s: "
                       "never"},
           &PostgreSQLConfig::idle_timeout)
      .Add({.name = "flush_bytes",
            .type = OptionType::kBytes,
            .default_value = "8MiB",
            .meaning = "rows are sent in pieces of about this size"},
           &PostgreSQLConfig::flush_bytes);
}

Status CheckNumbers(const PostgreSQLConfig& config) {
  constexpr int64_t kMaxPort = 65535;
  if (config.port < 0 || config.port > kMaxPort) {
    return ConfigurationError("postgresql: port: expected 1 to 65535: value=" +
                              std::to_string(config.port));
  }
  if (config.flush_bytes < 1) {
    return ConfigurationError("postgresql: flush_bytes: expected at least 1: value=" +
                              std::to_string(config.flush_bytes));
  }
  for (const auto& [name, ms] : {std::pair{"lock_timeout", config.lock_timeout},
                                 std::pair{"idle_timeout", config.idle_timeout},
                                 std::pair{"connect_timeout", config.connect_timeout}}) {
    if (ms > std::numeric_limits<int32_t>::max()) {
      return ConfigurationError(std::string("postgresql: ") + name +
                                ": expected at most 596h: value=" + std::to_string(ms) + "ms");
    }
  }
  return Status::OK();
}

Status CheckSchema(const std::string& schema) {
  constexpr size_t kMaxBytes = 63;
  if (!schema.empty() && schema.size() <= kMaxBytes) return Status::OK();
  return ConfigurationError("postgresql: schema: expected a name of 1 to 63 bytes: value=" +
                            schema);
}

bool IsUri(std::string_view text) {
  return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

bool NamesAServer(const ConfigMap& config) {
  for (const auto* name : {"host", "port", "dbname", "user", "service"}) {
    if (config.contains(name)) return true;
  }
  return false;
}

// `config` with a URI in `connection` taken apart; what the config itself says wins.
Result<ConfigMap> WithUriTakenApart(ConfigMap config) {
  std::string source;
  auto& connection = config["connection"];
  if (connection.empty() && !NamesAServer(config)) {
    const char* url = std::getenv("DATABASE_URL");
    if (url != nullptr && *url != '\0') {
      connection = url;
      source = "environment variable DATABASE_URL";
    }
  }
  if (!IsUri(connection)) return config;
  auto parsed = ParsePostgreSQLUri(connection);
  if (!parsed.ok()) return source.empty() ? parsed : WithContext(parsed.status(), source);
  connection = (*parsed)["connection"];
  for (auto& [name, value] : *parsed) config.emplace(name, std::move(value));
  return config;
}

}  // namespace

const OptionTable<PostgreSQLConfig>& PostgreSQLOptions() {
  static const auto* table = [] {
    auto* made = new Table;
    AddConnection(made);
    AddTables(made);
    AddLimits(made);
    return made;
  }();
  return *table;
}

Result<PostgreSQLConfig> ParsePostgreSQLConfig(const ConfigMap& config) {
  ARROW_ASSIGN_OR_RAISE(const auto given, WithUriTakenApart(config));
  ARROW_ASSIGN_OR_RAISE(auto parsed, PostgreSQLOptions().Parse(given, "postgresql"));
  ARROW_RETURN_NOT_OK(CheckNumbers(parsed));
  if (!parsed.password.empty() && !parsed.password_file.empty()) {
    return ConfigurationError("postgresql: password and password_file: give one of the two");
  }
  ARROW_RETURN_NOT_OK(CheckSchema(parsed.schema));
  ARROW_RETURN_NOT_OK(ParsePartitionBy(parsed.partition_by));
  auto without_file = parsed;
  without_file.password_file.clear();
  ARROW_RETURN_NOT_OK(without_file.keywords());
  return parsed;
}

}  // namespace ampload::postgresql
