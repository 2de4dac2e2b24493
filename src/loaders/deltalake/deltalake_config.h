// The options of a Delta Lake target.
#pragma once

#include <parquet/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/options.h"
#include "lake/object_store.h"
#include "loaders/deltalake/actions.h"

namespace ampload::deltalake {

// The specification's DeltaLakeStorageConfig.
struct DeltaLakeStorageConfig {
  std::string path;        // of the folder that holds the tables: "/data/lake", "s3://bucket/lake"
  std::string durability;  // "power", "process"

  std::string region;    // S3; each empty: from the environment, as the AWS tools take it
  std::string endpoint;  // "http://127.0.0.1:9000": another server than AWS
  std::string access_key;
  std::string secret_key;
  std::string session_token;
  int64_t request_timeout = 0;  // ms
  int64_t connect_timeout = 0;  // ms
  int64_t retry_for = 0;        // ms

  std::string partition_by;       // "date,region": of a new table
  std::string compression;        // "zstd", "snappy", "gzip", "lz4", "none"; empty: the table's own
  int64_t compression_level = 0;  // 0: the codec's own
  int64_t target_file_size = 0;   // bytes
  int64_t row_group_rows = 0;
  bool dictionary = true;
  int64_t checkpoint_interval = 0;  // commits from one log checkpoint to the next; 0: the table's
  bool clean_log = true;            // delete log entries past delta.logRetentionDuration
  std::string properties;           // of a new table: "delta.appendOnly=true,delta.x=y"
  int64_t commit_retry_for = 0;     // ms that a commit tries again where others were faster

  lake::StoreSettings store() const;
  std::vector<std::string> partition_columns() const;
  TextMap table_properties() const;
  parquet::Compression::type codec() const;
};

const OptionTable<DeltaLakeStorageConfig>& DeltaLakeOptions();

// The options, checked. Connects nothing.
Result<DeltaLakeStorageConfig> ParseDeltaLakeConfig(const ConfigMap& config);

// "delta:/data/lake?durability=process", "delta:lake", "delta:s3://bucket/prefix?region=..." as
// options. Percent-decoded. Credentials in the URI are refused: a process list would show them.
Result<ConfigMap> ParseDeltaLakeUri(std::string_view uri);

}  // namespace ampload::deltalake
