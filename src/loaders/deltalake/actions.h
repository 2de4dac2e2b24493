// The actions of a Delta log entry (the Delta protocol, "Actions") as values, and as the JSON lines
// of the log. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ampload/status.h"

namespace ampload::deltalake {

using TextMap = std::map<std::string, std::string>;
using PartitionValues = std::map<std::string, std::optional<std::string>>;  // by physical name

struct Protocol {
  int min_reader_version = 1;
  int min_writer_version = 2;
  std::optional<std::vector<std::string>> reader_features = {};  // reader version 3 alone
  std::optional<std::vector<std::string>> writer_features = {};  // writer version 7 alone
  friend bool operator==(const Protocol&, const Protocol&) = default;
};

struct Metadata {
  std::string id;
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::string format_provider = "parquet";
  TextMap format_options;
  std::string schema_string;
  std::vector<std::string> partition_columns;  // logical names
  std::optional<int64_t> created_time;         // ms
  TextMap configuration;
  friend bool operator==(const Metadata&, const Metadata&) = default;
};

struct DeletionVectorDescriptor {
  std::string storage_type;  // "u", "i", "p"
  std::string path_or_inline;
  std::optional<int32_t> offset;
  int32_t size_in_bytes = 0;
  int64_t cardinality = 0;
  std::string UniqueId() const;  // see "Derived Fields"
  friend bool operator==(const DeletionVectorDescriptor&,
                         const DeletionVectorDescriptor&) = default;
};

// `path` as the log has it: a URI, percent-encoded; relative to the table or absolute.
struct AddFile {
  std::string path;
  PartitionValues partition_values;
  int64_t size = 0;
  int64_t modification_time = 0;  // ms
  bool data_change = true;
  std::optional<std::string> stats;  // JSON text
  std::optional<TextMap> tags;
  std::optional<DeletionVectorDescriptor> deletion_vector;
  std::optional<int64_t> base_row_id;
  std::optional<int64_t> default_row_commit_version;
  std::optional<std::string> clustering_provider;
  friend bool operator==(const AddFile&, const AddFile&) = default;
};

struct RemoveFile {
  std::string path;
  std::optional<int64_t> deletion_timestamp;  // ms
  bool data_change = true;
  std::optional<bool> extended_file_metadata;
  std::optional<PartitionValues> partition_values;
  std::optional<int64_t> size;
  std::optional<std::string> stats;
  std::optional<TextMap> tags;
  std::optional<DeletionVectorDescriptor> deletion_vector;
  std::optional<int64_t> base_row_id;
  std::optional<int64_t> default_row_commit_version;
  friend bool operator==(const RemoveFile&, const RemoveFile&) = default;
};

struct Txn {
  std::string app_id;
  int64_t version = 0;
  std::optional<int64_t> last_updated;  // ms
  friend bool operator==(const Txn&, const Txn&) = default;
};

struct DomainMetadata {
  std::string domain;
  std::string configuration;
  bool removed = false;
  friend bool operator==(const DomainMetadata&, const DomainMetadata&) = default;
};

// Free-form. What we read of it has a member; `json` is the whole object as text.
struct CommitInfo {
  std::string json = "{}";
  std::optional<int64_t> timestamp;            // ms
  std::optional<int64_t> in_commit_timestamp;  // ms
  std::string operation;                       // may be empty
  friend bool operator==(const CommitInfo&, const CommitInfo&) = default;
};

struct CheckpointMetadata {  // V2 checkpoints alone
  int64_t version = 0;
  friend bool operator==(const CheckpointMetadata&, const CheckpointMetadata&) = default;
};

struct Sidecar {  // V2 checkpoints alone
  std::string path;
  int64_t size_in_bytes = 0;
  int64_t modification_time = 0;
  friend bool operator==(const Sidecar&, const Sidecar&) = default;
};

using Action = std::variant<Protocol, Metadata, AddFile, RemoveFile, Txn, DomainMetadata,
                            CommitInfo, CheckpointMetadata, Sidecar>;

// One JSON line each, without a newline. CommitInfo is written as its `json` with the members that
// are set put over it; keys in the order of the Delta protocol; what is unset is left out.
std::string ToJsonLine(const Action& action);

// A whole log entry, or a JSON checkpoint of V2. `cdc`, unknown actions and unknown fields are
// passed over. Damage (no JSON, a field of the wrong type, a required field missing, half a line)
// is a permanent failure that `where` and the line's number end: "deltalake: the log entry is
// damaged: ...".
Result<std::vector<Action>> ParseLogEntry(std::string_view text, const std::string& where);

}  // namespace ampload::deltalake
