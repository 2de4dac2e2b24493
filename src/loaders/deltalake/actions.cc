#include "loaders/deltalake/actions.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

namespace ampload::deltalake {
namespace {

using Json = nlohmann::ordered_json;

// A recursive library writes what it reads: deeper than this is nobody's log.
constexpr int kMostNesting = 500;

// ---- JSON to values. False: a wrong type.

bool Take(Json& json, std::string* out) {
  if (!json.is_string()) return false;
  *out = std::move(json.get_ref<std::string&>());
  return true;
}

bool Take(Json& json, bool* out) {
  if (!json.is_boolean()) return false;
  *out = json.get<bool>();
  return true;
}

template <class Int>
requires(std::is_same_v<Int, int64_t> || std::is_same_v<Int, int32_t>) bool Take(Json& json,
                                                                                 Int* out) {
  if (!json.is_number_integer()) return false;
  if (json.is_number_unsigned() &&
      json.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<Int>::max())) {
    return false;
  }
  const auto value = json.get<int64_t>();
  if (value < std::numeric_limits<Int>::min()) return false;
  *out = static_cast<Int>(value);
  return true;
}

bool Take(Json& json, std::vector<std::string>* out) {
  if (!json.is_array()) return false;
  out->resize(json.size());
  for (size_t i = 0; i < json.size(); ++i) {
    if (!Take(json[i], &(*out)[i])) return false;
  }
  return true;
}

bool Take(Json& json, PartitionValues* out) {
  if (!json.is_object()) return false;
  for (auto& [key, value] : json.items()) {
    auto& text = (*out)[key];
    if (value.is_null()) continue;
    if (!Take(value, &text.emplace())) return false;
  }
  return true;
}

// A null value says as little as a missing key.
bool Take(Json& json, TextMap* out) {
  if (!json.is_object()) return false;
  for (auto& [key, value] : json.items()) {
    if (!value.is_null() && !Take(value, &(*out)[key])) return false;
  }
  return true;
}

// Reads members of one action. Every failure says which member and why.
class Members {
 public:
  Members(Json& json, std::string name) : json_(json), name_(std::move(name)) {}

  template <class T>
  Status Required(const char* key, T* out) {
    Json* value = Find(key);
    if (value == nullptr) return Status::Invalid(name_, ".", key, " is missing");
    return Take(*value, out) ? Status::OK() : WrongType(key);
  }

  template <class T>
  Status Optional(const char* key, std::optional<T>* out) {
    Json* value = Find(key);
    if (value == nullptr) return Status::OK();
    return Take(*value, &out->emplace()) ? Status::OK() : WrongType(key);
  }

  Json* Find(const char* key) {  // null: not there, or JSON's null
    const auto it = json_.find(key);
    return it == json_.end() || it->is_null() ? nullptr : &*it;
  }

  Status WrongType(const char* key) const {
    return Status::Invalid(name_, ".", key, " has a value of the wrong type");
  }

 private:
  Json& json_;
  std::string name_;
};

Status TakeDeletionVector(Members members, std::optional<DeletionVectorDescriptor>* out) {
  Json* json = members.Find("deletionVector");
  if (json == nullptr) return Status::OK();
  if (!json->is_object()) return members.WrongType("deletionVector");
  Members inner(*json, "deletionVector");
  auto& vector = out->emplace();
  ARROW_RETURN_NOT_OK(inner.Required("storageType", &vector.storage_type));
  ARROW_RETURN_NOT_OK(inner.Required("pathOrInlineDv", &vector.path_or_inline));
  ARROW_RETURN_NOT_OK(inner.Optional("offset", &vector.offset));
  ARROW_RETURN_NOT_OK(inner.Required("sizeInBytes", &vector.size_in_bytes));
  return inner.Required("cardinality", &vector.cardinality);
}

Status Read(Members members, Protocol* out) {
  ARROW_RETURN_NOT_OK(members.Required("minReaderVersion", &out->min_reader_version));
  ARROW_RETURN_NOT_OK(members.Required("minWriterVersion", &out->min_writer_version));
  ARROW_RETURN_NOT_OK(members.Optional("readerFeatures", &out->reader_features));
  return members.Optional("writerFeatures", &out->writer_features);
}

Status Read(Members members, Metadata* out) {
  ARROW_RETURN_NOT_OK(members.Required("id", &out->id));
  ARROW_RETURN_NOT_OK(members.Optional("name", &out->name));
  ARROW_RETURN_NOT_OK(members.Optional("description", &out->description));
  Json* format = members.Find("format");
  if (format == nullptr || !format->is_object()) return members.WrongType("format");
  Members inner(*format, "metaData.format");
  ARROW_RETURN_NOT_OK(inner.Required("provider", &out->format_provider));
  if (Json* options = inner.Find("options"); options != nullptr) {
    if (!Take(*options, &out->format_options)) return inner.WrongType("options");
  }
  ARROW_RETURN_NOT_OK(members.Required("schemaString", &out->schema_string));
  ARROW_RETURN_NOT_OK(members.Required("partitionColumns", &out->partition_columns));
  ARROW_RETURN_NOT_OK(members.Optional("createdTime", &out->created_time));
  return members.Required("configuration", &out->configuration);
}

Status Read(Members members, AddFile* out) {
  ARROW_RETURN_NOT_OK(members.Required("path", &out->path));
  ARROW_RETURN_NOT_OK(members.Required("partitionValues", &out->partition_values));
  ARROW_RETURN_NOT_OK(members.Required("size", &out->size));
  ARROW_RETURN_NOT_OK(members.Required("modificationTime", &out->modification_time));
  ARROW_RETURN_NOT_OK(members.Required("dataChange", &out->data_change));
  ARROW_RETURN_NOT_OK(members.Optional("stats", &out->stats));
  ARROW_RETURN_NOT_OK(members.Optional("tags", &out->tags));
  ARROW_RETURN_NOT_OK(TakeDeletionVector(members, &out->deletion_vector));
  ARROW_RETURN_NOT_OK(members.Optional("baseRowId", &out->base_row_id));
  ARROW_RETURN_NOT_OK(
      members.Optional("defaultRowCommitVersion", &out->default_row_commit_version));
  return members.Optional("clusteringProvider", &out->clustering_provider);
}

Status Read(Members members, RemoveFile* out) {
  ARROW_RETURN_NOT_OK(members.Required("path", &out->path));
  ARROW_RETURN_NOT_OK(members.Optional("deletionTimestamp", &out->deletion_timestamp));
  ARROW_RETURN_NOT_OK(members.Required("dataChange", &out->data_change));
  ARROW_RETURN_NOT_OK(members.Optional("extendedFileMetadata", &out->extended_file_metadata));
  ARROW_RETURN_NOT_OK(members.Optional("partitionValues", &out->partition_values));
  ARROW_RETURN_NOT_OK(members.Optional("size", &out->size));
  ARROW_RETURN_NOT_OK(members.Optional("stats", &out->stats));
  ARROW_RETURN_NOT_OK(members.Optional("tags", &out->tags));
  ARROW_RETURN_NOT_OK(TakeDeletionVector(members, &out->deletion_vector));
  ARROW_RETURN_NOT_OK(members.Optional("baseRowId", &out->base_row_id));
  return members.Optional("defaultRowCommitVersion", &out->default_row_commit_version);
}

Status Read(Members members, Txn* out) {
  ARROW_RETURN_NOT_OK(members.Required("appId", &out->app_id));
  ARROW_RETURN_NOT_OK(members.Required("version", &out->version));
  return members.Optional("lastUpdated", &out->last_updated);
}

Status Read(Members members, DomainMetadata* out) {
  ARROW_RETURN_NOT_OK(members.Required("domain", &out->domain));
  ARROW_RETURN_NOT_OK(members.Required("configuration", &out->configuration));
  return members.Required("removed", &out->removed);
}

Status Read(Members members, CheckpointMetadata* out) {
  return members.Required("version", &out->version);
}

Status Read(Members members, Sidecar* out) {
  ARROW_RETURN_NOT_OK(members.Required("path", &out->path));
  ARROW_RETURN_NOT_OK(members.Required("sizeInBytes", &out->size_in_bytes));
  return members.Required("modificationTime", &out->modification_time);
}

int NestingOf(const Json& json, int at_most) {
  if (at_most == 0 || !json.is_structured()) return 0;
  int deepest = 0;
  for (const auto& part : json) deepest = std::max(deepest, NestingOf(part, at_most - 1));
  return deepest + 1;
}

// Anybody may put anything there: a member that is not what we expect says nothing to us.
Result<CommitInfo> ReadCommitInfo(Json& json) {
  if (NestingOf(json, kMostNesting) == kMostNesting) {
    return Status::Invalid("commitInfo is nested too deeply");
  }
  CommitInfo info;
  info.json = json.dump();
  Members members(json, "commitInfo");
  const auto number = [&](const char* key, std::optional<int64_t>* out) {
    Json* value = members.Find(key);
    if (value != nullptr && !Take(*value, &out->emplace())) out->reset();
  };
  number("timestamp", &info.timestamp);
  number("inCommitTimestamp", &info.in_commit_timestamp);
  Json* operation = members.Find("operation");
  if (operation != nullptr) Take(*operation, &info.operation);
  return info;
}

template <class T>
Status Append(Json& json, const std::string& name, std::vector<Action>* out) {
  T value;
  ARROW_RETURN_NOT_OK(Read(Members(json, name), &value));
  out->emplace_back(std::move(value));
  return Status::OK();
}

Status AppendAction(const std::string& name, Json& json, std::vector<Action>* out) {
  using Appender = Status (*)(Json&, const std::string&, std::vector<Action>*);
  static const std::map<std::string, Appender> kAppenders = {
      {"protocol", Append<Protocol>},
      {"metaData", Append<Metadata>},
      {"add", Append<AddFile>},
      {"remove", Append<RemoveFile>},
      {"txn", Append<Txn>},
      {"domainMetadata", Append<DomainMetadata>},
      {"checkpointMetadata", Append<CheckpointMetadata>},
      {"sidecar", Append<Sidecar>},
  };
  if (json.is_null()) return Status::OK();
  const auto appender = kAppenders.find(name);
  const bool known = appender != kAppenders.end() || name == "commitInfo";
  if (!known) return Status::OK();
  if (!json.is_object()) return Status::Invalid(name, " is no JSON object");
  if (appender != kAppenders.end()) return appender->second(json, name, out);
  ARROW_ASSIGN_OR_RAISE(auto info, ReadCommitInfo(json));
  out->emplace_back(std::move(info));
  return Status::OK();
}

Status ParseLine(std::string_view line, std::vector<Action>* out) {
  try {
    Json json = Json::parse(line);
    if (!json.is_object()) return Status::Invalid("the line is no JSON object");
    for (auto& [name, value] : json.items()) {
      ARROW_RETURN_NOT_OK(AppendAction(name, value, out));
    }
    return Status::OK();
  } catch (const nlohmann::json::exception& e) {
    return Status::Invalid(e.what());
  }
}

// ---- Values to JSON.

template <class T>
Json ToJson(const T& value) {
  return value;
}

Json ToJson(const PartitionValues& values) {
  Json json = Json::object();
  for (const auto& [key, text] : values) json[key] = text ? Json(*text) : Json(nullptr);
  return json;
}

Json ToJson(const TextMap& values) {
  Json json = Json::object();
  for (const auto& [key, text] : values) json[key] = text;
  return json;
}

Json ToJson(const DeletionVectorDescriptor& vector) {
  Json json = {{"storageType", vector.storage_type}, {"pathOrInlineDv", vector.path_or_inline}};
  if (vector.offset) json["offset"] = *vector.offset;
  json["sizeInBytes"] = vector.size_in_bytes;
  json["cardinality"] = vector.cardinality;
  return json;
}

template <class T>
void Put(const char* key, const std::optional<T>& value, Json* json) {
  if (value.has_value()) (*json)[key] = ToJson(*value);
}

Json ToJson(const Protocol& protocol) {
  Json json = {{"minReaderVersion", protocol.min_reader_version},
               {"minWriterVersion", protocol.min_writer_version}};
  Put("readerFeatures", protocol.reader_features, &json);
  Put("writerFeatures", protocol.writer_features, &json);
  return json;
}

Json ToJson(const Metadata& metadata) {
  Json json = {{"id", metadata.id}};
  Put("name", metadata.name, &json);
  Put("description", metadata.description, &json);
  json["format"] = {{"provider", metadata.format_provider},
                    {"options", ToJson(metadata.format_options)}};
  json["schemaString"] = metadata.schema_string;
  json["partitionColumns"] = metadata.partition_columns;
  Put("createdTime", metadata.created_time, &json);
  json["configuration"] = ToJson(metadata.configuration);
  return json;
}

Json ToJson(const AddFile& add) {
  Json json = {{"path", add.path},
               {"partitionValues", ToJson(add.partition_values)},
               {"size", add.size},
               {"modificationTime", add.modification_time},
               {"dataChange", add.data_change}};
  Put("stats", add.stats, &json);
  Put("tags", add.tags, &json);
  Put("deletionVector", add.deletion_vector, &json);
  Put("baseRowId", add.base_row_id, &json);
  Put("defaultRowCommitVersion", add.default_row_commit_version, &json);
  Put("clusteringProvider", add.clustering_provider, &json);
  return json;
}

Json ToJson(const RemoveFile& remove) {
  Json json = {{"path", remove.path}};
  Put("deletionTimestamp", remove.deletion_timestamp, &json);
  json["dataChange"] = remove.data_change;
  Put("extendedFileMetadata", remove.extended_file_metadata, &json);
  Put("partitionValues", remove.partition_values, &json);
  Put("size", remove.size, &json);
  Put("stats", remove.stats, &json);
  Put("tags", remove.tags, &json);
  Put("deletionVector", remove.deletion_vector, &json);
  Put("baseRowId", remove.base_row_id, &json);
  Put("defaultRowCommitVersion", remove.default_row_commit_version, &json);
  return json;
}

Json ToJson(const Txn& txn) {
  Json json = {{"appId", txn.app_id}, {"version", txn.version}};
  Put("lastUpdated", txn.last_updated, &json);
  return json;
}

Json ToJson(const DomainMetadata& domain) {
  return {{"domain", domain.domain},
          {"configuration", domain.configuration},
          {"removed", domain.removed}};
}

Json ToJson(const CommitInfo& info) {
  Json json = Json::parse(info.json, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) json = Json::object();
  Put("timestamp", info.timestamp, &json);
  Put("inCommitTimestamp", info.in_commit_timestamp, &json);
  if (!info.operation.empty()) json["operation"] = info.operation;
  return json;
}

Json ToJson(const CheckpointMetadata& checkpoint) { return {{"version", checkpoint.version}}; }

Json ToJson(const Sidecar& sidecar) {
  return {{"path", sidecar.path},
          {"sizeInBytes", sidecar.size_in_bytes},
          {"modificationTime", sidecar.modification_time}};
}

const char* NameOf(const Action& action) {  // in the order of the variant
  static constexpr const char* kNames[] = {
      "protocol",   "metaData",           "add",    "remove", "txn", "domainMetadata",
      "commitInfo", "checkpointMetadata", "sidecar"};
  static_assert(std::size(kNames) == std::variant_size_v<Action>);
  return kNames[action.index()];
}

}  // namespace

std::string DeletionVectorDescriptor::UniqueId() const {
  return storage_type + path_or_inline + (offset ? "@" + std::to_string(*offset) : "");
}

std::string ToJsonLine(const Action& action) {
  Json line = Json::object();
  line[NameOf(action)] = std::visit([](const auto& value) { return ToJson(value); }, action);
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::vector<Action>> ParseLogEntry(std::string_view text, const std::string& where) {
  const auto damaged = [&](const std::string& why, size_t line) {
    return PermanentError("deltalake: the log entry is damaged: " + why + ": " + where +
                          " line=" + std::to_string(line));
  };
  // Who writes a version writes something: a file without a byte is what a crash leaves.
  if (text.empty()) return damaged("the file is empty", 1);
  std::vector<Action> actions;
  size_t number = 1;
  for (size_t begin = 0; begin < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const Status status = ParseLine(line, &actions);
    if (!status.ok()) return damaged(MessageOf(status), number);
  }
  return actions;
}

}  // namespace ampload::deltalake
