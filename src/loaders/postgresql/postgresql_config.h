// The options of a PostgreSQL target.
#pragma once

#include <cstdint>
#include <string>

#include "ampload/options.h"
#include "loaders/postgresql/connection.h"

namespace ampload::postgresql {

struct PostgreSQLConfig {
  std::string connection;  // a postgresql:// URI or libpq's "key=value ..."; empty: environment
  std::string host;        // each of these goes over what `connection` says
  int64_t port = 0;
  std::string dbname;
  std::string user;
  std::string password;
  std::string password_file;  // read at connection; its first line
  std::string service;
  std::string sslmode;
  std::string sslrootcert;
  std::string sslcert;
  std::string sslkey;
  int64_t connect_timeout = 0;  // ms

  std::string schema;  // of tables whose name has none
  bool unlogged = false;
  std::string tablespace;
  std::string partition_by;  // "block_num:1000000": range partitions of so many; empty: none
  std::string overwrite;     // "delete", "truncate"
  std::string after_load;    // statements to run after a bulk load; "{table}" is the quoted name
  int64_t lock_timeout = 0;  // ms to wait for a lock before saying who holds it
  int64_t idle_timeout = 0;  // ms that our own transaction may stand idle on the server
  int64_t flush_bytes = 0;   // bytes sent at once
  std::string application_name;

  // libpq's keywords of all that. Reads password_file. A configuration error says which option.
  Result<ConnectionKeywords> keywords() const;
};

const OptionTable<PostgreSQLConfig>& PostgreSQLOptions();

// The options, checked: also that libpq understands `connection`. Options of ours in a URI in
// `connection`, or in $DATABASE_URL, count as given there; $DATABASE_URL counts only where nothing
// says which server. Connects nothing, reads no file.
Result<PostgreSQLConfig> ParsePostgreSQLConfig(const ConfigMap& config);

// "postgresql://user@host/db?schema=chain&sslmode=require" as options: parameters that are options
// of ours alone are taken out, all else stays in `connection` for libpq. Also "postgresql:" alone,
// and "postgresql:host=... dbname=...".
Result<ConfigMap> ParsePostgreSQLUri(std::string_view uri);

}  // namespace ampload::postgresql
