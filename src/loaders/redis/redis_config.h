// The options of a Redis target.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ampload/options.h"

namespace ampload::redis {

struct RedisConfig {
  // Where and as whom.
  std::string url;  // taken apart by ParseRedisConfig: empty afterwards
  std::string host;
  int64_t port = 0;
  std::string socket;  // path of a unix socket; then host and port say nothing
  int64_t database = 0;
  std::string user;  // ACL user; empty: the server's default user
  std::string password;
  std::string password_file;  // read at connection; its first line
  bool tls = false;
  std::string tls_ca;    // file of certificates to trust; empty: the system's
  std::string tls_cert;  // client certificate and its key
  std::string tls_key;
  std::string tls_verify;       // "full", "ca" (not the host's name), "none"
  int64_t connect_timeout = 0;  // ms
  int64_t reply_timeout = 0;    // ms that the server may say nothing while it owes a reply
  std::string client_name;      // for CLIENT LIST

  // How rows are laid out.
  std::string structure;     // see structure.h; empty: the table's own, of a new one hash
  std::string key_pattern;   // "{table}:{block_num}:{log_index}"; empty: made from --key
  std::string value_format;  // "json", "msgpack"; empty: the table's own, of a new one json
  std::string score;         // sorted_set: the column
  std::string fields;        // columns to store, with commas between; empty: all
  // Binary values in hash fields, stream fields and keys: "bytes", "hex"; empty: the table's own,
  // of a new one bytes.
  std::string binary;
  // empty: the table's own, of a new one bytes
  int64_t ttl = 0;  // ms; 0: rows stay

  // When a commit counts as safe.
  int64_t wait_replicas = 0;  // so many replicas must have it
  bool wait_aof = false;      // the append-only file must be on the disk (WAITAOF)
  int64_t wait_timeout = 0;   // ms to wait for either
};

const OptionTable<RedisConfig>& RedisOptions();

// The options, checked, with no connection made and no file read.
Result<RedisConfig> ParseRedisConfig(const ConfigMap& config);

// As options:
//   redis://[user[:password]@]host[:port][/database][?option=value&...]
//   rediss://...                                 the same with TLS
//   unix:///path/to/socket[?database=1&...], redis+unix:///...
Result<ConfigMap> ParseRedisUri(std::string_view uri);

// The option `fields` as names; empty: all columns.
std::vector<std::string> FieldNames(const RedisConfig& config);

}  // namespace ampload::redis
