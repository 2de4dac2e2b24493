#include "loaders/deltalake/deltalake_config.h"

#include <algorithm>
#include <limits>
#include <string>
#include <tuple>
#include <utility>

#include "ampload/registry.h"
#include "loaders/deltalake/table_properties.h"

namespace ampload::deltalake {
namespace {

using Config = DeltaLakeStorageConfig;
using Table = OptionTable<Config>;
using parquet::Compression;

constexpr const char* kSecrets[] = {"access_key", "secret_key", "session_token"};

void AddPlace(Table* table) {
  table
      ->Add(
          {.name = "path",
           .required = true,
           .meaning = "folder that the tables lie in, each in a folder of its own: /data/lake, or "
                      "s3://bucket/prefix; made where it is missing"},
          &Config::path)
      .Add({.name = "durability",
            .default_value = "power",
            .meaning = "when a commit on a local disk counts: power: it outlives a loss of power "
                       "(fsync); process: it outlives the process",
            .choices = {"power", "process"}},
           &Config::durability);
}

void AddS3(Table* table) {
  table
      ->Add({.name = "region",
             .meaning = "S3: region; when not given as the AWS tools take it: AWS_REGION, "
                        "~/.aws/config"},
            &Config::region)
      .Add({.name = "endpoint",
            .meaning = "S3: another server than AWS: http://127.0.0.1:9000; when not given "
                       "AWS_ENDPOINT_URL"},
           &Config::endpoint)
      .Add({.name = "access_key",
            .secret = true,
            .meaning = "S3: access key; when not given as the AWS tools take it: "
                       "AWS_ACCESS_KEY_ID, ~/.aws/credentials"},
           &Config::access_key)
      .Add({.name = "secret_key", .secret = true, .meaning = "S3: its secret"}, &Config::secret_key)
      .Add({.name = "session_token", .secret = true, .meaning = "S3: token of a temporary key"},
           &Config::session_token)
      .Add({.name = "request_timeout",
            .type = OptionType::kDuration,
            .default_value = "30s",
            .meaning = "S3: how long one request may take"},
           &Config::request_timeout)
      .Add({.name = "connect_timeout",
            .type = OptionType::kDuration,
            .default_value = "10s",
            .meaning = "S3: how long to try to connect"},
           &Config::connect_timeout)
      .Add({.name = "retry_for",
            .type = OptionType::kDuration,
            .default_value = "60s",
            .meaning = "S3: how long a request is tried again after what may pass: 503, timeouts"},
           &Config::retry_for);
}

void AddNewTables(Table* table) {
  table
      ->Add({.name = "partition_by",
             .meaning = "a new table's partition columns: date or date,region"},
            &Config::partition_by)
      .Add({.name = "properties",
            .meaning =
                "a new table's properties: delta.appendOnly=true,delta.checkpointInterval=50"},
           &Config::properties);
}

void AddFiles(Table* table) {
  table
      ->Add({.name = "compression",
             .meaning = "of data files; when not given the table's own "
                        "(delta.parquet.compression.codec), else zstd",
             .choices = {"zstd", "snappy", "gzip", "lz4", "none"}},
            &Config::compression)
      .Add({.name = "compression_level",
            .default_value = "0",
            .meaning = "of zstd (1 to 22) and gzip (1 to 9); 0: the codec's own"},
           &Config::compression_level)
      .Add({.name = "target_file_size",
            .type = OptionType::kBytes,
            .default_value = "256MiB",
            .meaning = "a data file ends at about this size"},
           &Config::target_file_size)
      .Add({.name = "row_group_rows",
            .default_value = "1048576",
            .meaning = "most rows of a row group within a data file"},
           &Config::row_group_rows)
      .Add({.name = "dictionary",
            .default_value = "true",
            .meaning = "data files keep values that repeat in dictionaries: smaller, slower to "
                       "write"},
           &Config::dictionary);
}

void AddCommits(Table* table) {
  table
      ->Add({.name = "checkpoint_interval",
             .default_value = "0",
             .meaning = "commits from one checkpoint of the log to the next; 0: the table's own "
                        "(delta.checkpointInterval), else 100"},
            &Config::checkpoint_interval)
      .Add({.name = "clean_log",
            .default_value = "true",
            .meaning = "after a checkpoint, delete log entries older than the table keeps them "
                       "(delta.logRetentionDuration, 30 days)"},
           &Config::clean_log)
      .Add({.name = "commit_retry_for",
            .type = OptionType::kDuration,
            .default_value = "5m",
            .meaning = "how long a commit is tried again while other writers are faster"},
           &Config::commit_retry_for);
}

Status Wrong(const std::string& name, const std::string& expected, const std::string& value) {
  return ConfigurationError("deltalake: " + name + ": expected " + expected + ": value=" + value);
}

Status CheckNumbers(const Config& config) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  constexpr int64_t kLeastFile = 1 << 10;
  constexpr int64_t kMostFile = int64_t{1} << 40;
  const std::tuple<const char*, int64_t, int64_t, int64_t> numbers[] = {
      {"request_timeout", config.request_timeout, 1, kMost},
      {"connect_timeout", config.connect_timeout, 1, kMost},
      {"retry_for", config.retry_for, 0, kMost},
      {"commit_retry_for", config.commit_retry_for, 0, kMost},
      {"target_file_size", config.target_file_size, kLeastFile, kMostFile},
      {"row_group_rows", config.row_group_rows, 1, kMost},
      {"checkpoint_interval", config.checkpoint_interval, 0, kMost}};
  for (const auto& [name, value, least, most] : numbers) {
    if (value >= least && value <= most) continue;
    return Wrong(name, std::to_string(least) + " to " + std::to_string(most),
                 std::to_string(value));
  }
  return Status::OK();
}

Status CheckLevel(const Config& config) {
  if (config.compression_level == 0) return Status::OK();
  constexpr int64_t kMostZstd = 22;
  constexpr int64_t kMostGzip = 9;
  const bool zstd = config.compression.empty() || config.compression == "zstd";
  if (!zstd && config.compression != "gzip") {
    return ConfigurationError(
        "deltalake: compression_level is about zstd and gzip; leave it out: compression=" +
        config.compression);
  }
  const int64_t most = zstd ? kMostZstd : kMostGzip;
  if (config.compression_level >= 1 && config.compression_level <= most) return Status::OK();
  return Wrong("compression_level", "1 to " + std::to_string(most),
               std::to_string(config.compression_level));
}

bool IsS3(const Config& config) { return config.path.starts_with("s3://"); }

// A place is a folder or s3://bucket/prefix; nothing else that looks like a URI.
Status CheckPath(const Config& config) {
  const std::string forms = "a folder, or s3://bucket/prefix";
  if (config.path.empty()) return Wrong("path", forms, "");
  if (IsS3(config)) {
    const std::string_view rest = std::string_view(config.path).substr(5);
    const std::string_view bucket = rest.substr(0, rest.find('/'));
    if (rest.find('@') < bucket.size()) {
      return ConfigurationError(
          "deltalake: a URI holds no credentials, a list of processes would show them; give "
          "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or access_key and secret_key in a "
          "connection of the config file");
    }
    if (bucket.empty()) return Wrong("path", forms, config.path);
    return Status::OK();
  }
  if (config.path.find("://") != std::string::npos) {
    const bool hadoop = config.path.starts_with("s3a://") || config.path.starts_with("s3n://");
    return Wrong("path", hadoop ? "s3:// in place of s3a://" : forms, config.path);
  }
  for (const auto& [name, value] :
       {std::pair{"region", config.region}, std::pair{"endpoint", config.endpoint},
        std::pair{"access_key", config.access_key}, std::pair{"secret_key", config.secret_key},
        std::pair{"session_token", config.session_token}}) {
    if (value.empty()) continue;
    return ConfigurationError(
        std::string("deltalake: ") + name +
        " is about S3, and this is a folder: leave it out: path=" + config.path);
  }
  return Status::OK();
}

Status CheckS3(const Config& config) {
  if (config.access_key.empty() != config.secret_key.empty()) {
    return ConfigurationError("deltalake: access_key and secret_key: give both or neither");
  }
  if (!config.session_token.empty() && config.access_key.empty()) {
    return ConfigurationError(
        "deltalake: session_token belongs to a key: give access_key and secret_key, too");
  }
  if (config.endpoint.empty() || config.endpoint.starts_with("http://") ||
      config.endpoint.starts_with("https://")) {
    return Status::OK();
  }
  return Wrong("endpoint", "http://host:port or https://host:port", config.endpoint);
}

Status CheckPartitions(const Config& config) {
  const auto names = SplitNames(config.partition_by);
  for (const auto& name : names) {
    if (name.empty())
      return Wrong("partition_by", "columns with commas between", config.partition_by);
    if (std::count(names.begin(), names.end(), name) > 1) {
      return ConfigurationError("deltalake: partition_by: a column is named twice: column=" + name);
    }
  }
  return Status::OK();
}

}  // namespace

const OptionTable<DeltaLakeStorageConfig>& DeltaLakeOptions() {
  static const auto* table = [] {
    auto* made = new Table;
    AddPlace(made);
    AddS3(made);
    AddNewTables(made);
    AddFiles(made);
    AddCommits(made);
    return made;
  }();
  return *table;
}

Result<DeltaLakeStorageConfig> ParseDeltaLakeConfig(const ConfigMap& config) {
  ARROW_ASSIGN_OR_RAISE(auto parsed, DeltaLakeOptions().Parse(config, "deltalake"));
  ARROW_RETURN_NOT_OK(CheckPath(parsed));
  ARROW_RETURN_NOT_OK(CheckS3(parsed));
  ARROW_RETURN_NOT_OK(CheckNumbers(parsed));
  ARROW_RETURN_NOT_OK(CheckLevel(parsed));
  ARROW_RETURN_NOT_OK(CheckPartitions(parsed));
  ARROW_ASSIGN_OR_RAISE(const auto properties, ParseProperties(parsed.properties));
  ARROW_RETURN_NOT_OK(CheckProperties(properties));
  return parsed;
}

Result<ConfigMap> ParseDeltaLakeUri(std::string_view uri) {
  ARROW_ASSIGN_OR_RAISE(auto config, ParsePathUri(uri, "path"));
  for (const char* name : kSecrets) {
    if (!config.contains(name)) continue;
    return ConfigurationError(
        "deltalake: a URI holds no credentials, a list of processes would show them; give "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or " +
        std::string(name) + " in a connection of the config file");
  }
  return config;
}

lake::StoreSettings DeltaLakeStorageConfig::store() const {
  lake::StoreSettings settings;
  settings.durability =
      durability == "process" ? lake::Durability::kProcess : lake::Durability::kPower;
  settings.s3.region = region;
  settings.s3.endpoint = endpoint;
  settings.s3.access_key = access_key;
  settings.s3.secret_key = secret_key;
  settings.s3.session_token = session_token;
  settings.s3.request_timeout_ms = request_timeout;
  settings.s3.connect_timeout_ms = connect_timeout;
  settings.s3.retry_for_ms = retry_for;
  return settings;
}

std::vector<std::string> DeltaLakeStorageConfig::partition_columns() const {
  return SplitNames(partition_by);
}

TextMap DeltaLakeStorageConfig::table_properties() const {
  return ParseProperties(properties).ValueOr(TextMap());  // checked by ParseDeltaLakeConfig
}

Compression::type DeltaLakeStorageConfig::codec() const {
  if (compression == "snappy") return Compression::SNAPPY;
  if (compression == "gzip") return Compression::GZIP;
  if (compression == "lz4") return Compression::LZ4;
  if (compression == "none") return Compression::UNCOMPRESSED;
  return Compression::ZSTD;
}

}  // namespace ampload::deltalake
