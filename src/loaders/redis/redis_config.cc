#include "loaders/redis/redis_config.h"

#include <cstdlib>
#include <limits>
#include <utility>

#include "loaders/redis/structure.h"

namespace ampload::redis {
namespace {

using Table = OptionTable<RedisConfig>;

void AddServer(Table* table) {
  table
      ->Add({.name = "url",
             .secret = true,
             .env = "REDIS_URL",
             .meaning = "a redis://, rediss:// or unix:// URI; the other options go over what it "
                        "says; $REDIS_URL counts only where nothing says which server"},
            &RedisConfig::url)
      .Add({.name = "host", .default_value = "localhost", .meaning = "server"}, &RedisConfig::host)
      .Add({.name = "port", .default_value = "6379", .meaning = "port of the server"},
           &RedisConfig::port)
      .Add({.name = "socket",
            .meaning = "path of the server's unix socket, in place of host and "
                       "port"},
           &RedisConfig::socket)
      .Add({.name = "database", .default_value = "0", .meaning = "number of the database"},
           &RedisConfig::database)
      .Add({.name = "user", .meaning = "ACL user; when not given the server's default user"},
           &RedisConfig::user)
      .Add({.name = "password", .secret = true, .env = "REDIS_PASSWORD", .meaning = "its password"},
           &RedisConfig::password)
      .Add({.name = "password_file", .meaning = "file whose first line is the password"},
           &RedisConfig::password_file)
      .Add({.name = "client_name",
            .default_value = "ampload",
            .meaning = "shown by CLIENT LIST; empty: none"},
           &RedisConfig::client_name);
}

void AddTls(Table* table) {
  table->Add({.name = "tls", .meaning = "speak TLS, as rediss:// does"}, &RedisConfig::tls)
      .Add({.name = "tls_ca",
            .meaning = "file of the certificates to trust; when not given the "
                       "system's"},
           &RedisConfig::tls_ca)
      .Add({.name = "tls_cert", .meaning = "file of the client's certificate"},
           &RedisConfig::tls_cert)
      .Add({.name = "tls_key", .meaning = "file of its key"}, &RedisConfig::tls_key)
      .Add({.name = "tls_verify",
            .default_value = "full",
            .meaning = "full: the server's certificate is trusted and for this host; ca: trusted; "
                       "none: any",
            .choices = {"full", "ca", "none"}},
           &RedisConfig::tls_verify);
}

void AddRows(Table* table) {
  table
      ->Add({.name = "structure",
             .meaning = "what rows become; when not given the table's own, of a new one hash",
             .choices = StructureNames()},
            &RedisConfig::structure)
      .Add({.name = "key_pattern",
            .meaning = "hash, string, json: a row's key, as {table}:{block_num}:{log_index}; when "
                       "not given from --key, else rows are numbered"},
           &RedisConfig::key_pattern)
      .Add({.name = "value_format",
            .meaning = "string, set, sorted_set, list: a row as JSON or msgpack; when not given "
                       "the table's own, of a new one json",
            .choices = {"json", "msgpack"}},
           &RedisConfig::value_format)
      .Add({.name = "score", .meaning = "sorted_set: the column that rows are sorted by"},
           &RedisConfig::score)
      .Add({.name = "fields",
            .meaning = "columns to store, with commas between; when not given "
                       "all"},
           &RedisConfig::fields)
      .Add({.name = "binary",
            .meaning = "binary values in fields of hashes and streams and in keys: bytes as they "
                       "are, or 0x and hex digits; when not given the table's own, of a new one "
                       "bytes",
            .choices = {"bytes", "hex"}},
           &RedisConfig::binary)
      .Add({.name = "ttl",
            .type = OptionType::kDuration,
            .meaning = "hash, string, json: rows expire so long after they were written"},
           &RedisConfig::ttl);
}

void AddWaits(Table* table) {
  table
      ->Add({.name = "wait_replicas",
             .default_value = "0",
             .meaning = "a commit waits until so many replicas have it"},
            &RedisConfig::wait_replicas)
      .Add({.name = "wait_aof",
            .meaning = "a commit waits until the append-only file is on the disk; Redis 7.2 and "
                       "later"},
           &RedisConfig::wait_aof)
      .Add({.name = "wait_timeout",
            .type = OptionType::kDuration,
            .default_value = "10s",
            .meaning = "how long a commit waits for either"},
           &RedisConfig::wait_timeout)
      .Add({.name = "connect_timeout",
            .type = OptionType::kDuration,
            .default_value = "10s",
            .meaning = "how long to try one address, and to wait for its first answer; 0s: for "
                       "ever"},
           &RedisConfig::connect_timeout)
      .Add({.name = "reply_timeout",
            .type = OptionType::kDuration,
            .default_value = "60s",
            .meaning = "how long the server may say nothing while it owes a reply; 0s: for ever"},
           &RedisConfig::reply_timeout);
}

Status Wrong(const std::string& name, const std::string& expected, const std::string& value) {
  return ConfigurationError("redis: " + name + ": expected " + expected + ": value=" + value);
}

Status CheckNumbers(const RedisConfig& config) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  constexpr int64_t kMostPort = 65535;
  // Added to the clock on the server, as milliseconds.
  constexpr int64_t kMostTtl = int64_t{1} << 53;
  const std::tuple<const char*, int64_t, int64_t, int64_t> numbers[] = {
      {"port", config.port, 1, kMostPort},
      {"database", config.database, 0, kMost},
      {"wait_replicas", config.wait_replicas, 0, kMost},
      {"wait_timeout", config.wait_timeout, 1, kMost},
      {"connect_timeout", config.connect_timeout, 0, kMost},
      {"reply_timeout", config.reply_timeout, 0, kMost},
      {"ttl", config.ttl, 0, kMostTtl}};
  for (const auto& [name, value, least, most] : numbers) {
    if (value >= least && value <= most) continue;
    return Wrong(name, std::to_string(least) + " to " + std::to_string(most),
                 std::to_string(value));
  }
  const bool waits = config.wait_replicas > 0 || config.wait_aof;
  if (waits && config.reply_timeout > 0 && config.wait_timeout >= config.reply_timeout) {
    return ConfigurationError(
        "redis: wait_timeout must be shorter than reply_timeout: wait_timeout=" +
        std::to_string(config.wait_timeout) +
        "ms reply_timeout=" + std::to_string(config.reply_timeout) + "ms");
  }
  return Status::OK();
}

Status CheckTls(const RedisConfig& config) {
  if (config.tls && !config.socket.empty()) {
    return ConfigurationError("redis: a unix socket has no TLS: leave out tls or socket");
  }
  for (const auto& [name, value] :
       {std::pair{"tls_ca", config.tls_ca}, std::pair{"tls_cert", config.tls_cert},
        std::pair{"tls_key", config.tls_key}}) {
    if (!value.empty() && !config.tls) {
      return ConfigurationError(std::string("redis: ") + name +
                                " is about TLS: use rediss:// or tls=true: " + name + "=" + value);
    }
  }
  if (config.tls_cert.empty() != config.tls_key.empty()) {
    return ConfigurationError("redis: tls_cert and tls_key: give both or neither");
  }
  return Status::OK();
}

Status CheckTexts(const RedisConfig& config) {
  if (config.host.empty()) return Wrong("host", "a name or an address", "");
  const bool plain = std::all_of(config.client_name.begin(), config.client_name.end(),
                                 [](unsigned char c) { return c > ' ' && c <= '~'; });
  if (!plain) return Wrong("client_name", "ASCII without blanks", config.client_name);
  if (config.fields.empty()) return Status::OK();
  const auto names = FieldNames(config);
  for (const auto& name : names) {
    if (name.empty()) return Wrong("fields", "columns with commas between", config.fields);
    if (std::count(names.begin(), names.end(), name) > 1) {
      return ConfigurationError("redis: fields: a column is named twice: column=" + name);
    }
  }
  return Status::OK();
}

// `config` with a URI in `url` or $REDIS_URL taken apart; what the config itself says wins.
Result<ConfigMap> WithUrlTakenApart(ConfigMap config) {
  std::string source = "option url";
  std::string url = std::exchange(config["url"], "");
  const bool names_a_server = config.contains("host") || config.contains("port") ||
                              config.contains("socket") || config.contains("database") ||
                              config.contains("user");
  if (url.empty() && !names_a_server) {
    const char* environment = std::getenv("REDIS_URL");
    if (environment != nullptr) url = environment;
    source = "environment variable REDIS_URL";
  }
  // One that is given goes over $REDIS_PASSWORD.
  if (config.contains("password_file")) config.emplace("password", "");
  if (url.empty()) return config;
  auto parsed = ParseRedisUri(url);
  if (!parsed.ok()) return WithContext(parsed.status(), source);
  for (auto& [name, value] : *parsed) config.emplace(name, std::move(value));
  return config;
}

}  // namespace

const OptionTable<RedisConfig>& RedisOptions() {
  static const auto* table = [] {
    auto* made = new Table;
    AddServer(made);
    AddTls(made);
    AddRows(made);
    AddWaits(made);
    return made;
  }();
  return *table;
}

Result<RedisConfig> ParseRedisConfig(const ConfigMap& config) {
  ARROW_ASSIGN_OR_RAISE(const auto given, WithUrlTakenApart(config));
  ARROW_ASSIGN_OR_RAISE(auto parsed, RedisOptions().Parse(given, "redis"));
  ARROW_RETURN_NOT_OK(CheckNumbers(parsed));
  ARROW_RETURN_NOT_OK(CheckTls(parsed));
  ARROW_RETURN_NOT_OK(CheckTexts(parsed));
  if (!parsed.password.empty() && !parsed.password_file.empty()) {
    return ConfigurationError("redis: password and password_file: give one of the two");
  }
  return parsed;
}

std::vector<std::string> FieldNames(const RedisConfig& config) {
  std::vector<std::string> names;
  std::string_view rest = config.fields;
  while (!config.fields.empty()) {
    const size_t comma = rest.find(',');
    std::string_view name = rest.substr(0, comma);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    names.emplace_back(name);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return names;
}

}  // namespace ampload::redis
