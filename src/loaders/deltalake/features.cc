#include "loaders/deltalake/features.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/ascii.h"
#include "loaders/deltalake/constraints.h"
#include "loaders/deltalake/table_schema.h"

namespace ampload::deltalake {
namespace {

constexpr int kReaderVersion = 3;
constexpr int kWriterVersion = 7;

// What a feature was before features had names: 0: it never had a version.
struct Feature {
  FeatureSupport support;
  int since_reader = 0;
  int since_writer = 0;
};

constexpr auto kFeatures = std::to_array<Feature>({
    {{"appendOnly", false, true, true, "loads that would take rows away, and streams, are refused"},
     0,
     2},
    {{"invariants", false, true, true,
      "NOT NULL is kept; so is an invariant where its condition is read, otherwise it is refused"},
     0,
     2},
    {{"checkConstraints", false, true, true,
      "each row is checked; a constraint whose condition is not read is refused"},
     0,
     3},
    {{"changeDataFeed", false, true, true,
      "where it is on, streams are refused: an undo may rewrite files"},
     0,
     4},
    {{"generatedColumns", false, true, true, "a table that has such a column is refused"}, 0, 4},
    {{"columnMapping", true, true, true, "by name and by id"}, 2, 5},
    {{"identityColumns", false, true, true, "a table that has such a column is refused"}, 0, 6},
    {{"deletionVectors", true, true, true,
      "read; none are written: files that lose rows are rewritten"}},
    {{"timestampNtz", true, true, true}},
    {{"typeWidening", true, true, true,
      "narrower files are read; columns are widened by --on-schema-change evolve"}},
    {{"typeWidening-preview", true, true, true, "as typeWidening"}},
    {{"v2Checkpoint", true, true, true, "read; checkpoints are written as classic ones"}},
    {{"vacuumProtocolCheck", true, true, true}},
    {{"allowColumnDefaults", false, true, true, "a table that has a default is refused"}},
    {{"domainMetadata", false, true, true, "all domains are kept"}},
    {{"inCommitTimestamp", false, true, true}},
    {{"clustering", false, true, true, "rows are added unclustered, as the protocol allows"}},
    {{"icebergCompatV1", false, true, true, "a table where it is on is refused"}},
    {{"icebergCompatV2", false, true, true, "a table where it is on is refused"}},
    {{"rowTracking", false, true, false, "row ids are not written"}},
    {{"catalogManaged", true, false, false, "the log is the catalog's"}},
    {{"variantType", true, false, false, "there is no such type in Arrow"}},
    {{"variantShredding", true, false, false, "there is no such type in Arrow"}},
});

const Feature* Find(std::string_view name) {
  const auto found = std::find_if(kFeatures.begin(), kFeatures.end(),
                                  [&](const Feature& one) { return one.support.name == name; });
  return found == kFeatures.end() ? nullptr : &*found;
}

bool Lists(const std::optional<std::vector<std::string>>& features, std::string_view name) {
  return features.has_value() &&
         std::find(features->begin(), features->end(), name) != features->end();
}

void Add(const std::string& what, std::string* to) { *to += (to->empty() ? "" : ", ") + what; }

// Is there one in the type, at any depth?
bool HasVoid(const nlohmann::json& type) {
  if (type == "void") return true;
  if (!type.is_object()) return false;
  for (const char* key : {"type", "elementType", "keyType", "valueType"}) {
    if (type.contains(key) && HasVoid(type[key])) return true;
  }
  return type.contains("fields") && type["fields"].is_array() &&
         std::any_of(type["fields"].begin(), type["fields"].end(), HasVoid);
}

// The shapes of "Void Type" in which no file may be written: a list or a map with one in it, and a
// struct or a table of nothing else.
bool IsVoidWithin(const nlohmann::json& type) {
  const auto is_void = [](const nlohmann::json& json, const char* key) {
    return json.is_object() && json.contains(key) && json[key] == "void";
  };
  for (const char* key : {"elementType", "keyType", "valueType"}) {
    if (type.contains(key) && HasVoid(type[key])) return true;
  }
  if (!type.contains("fields") || !type["fields"].is_array()) return false;
  const auto& fields = type["fields"];
  return !fields.empty() && std::all_of(fields.begin(), fields.end(),
                                        [&](const auto& field) { return is_void(field, "type"); });
}

// Keys of column metadata that ask something of a writer, wherever they stand in the schema.
void FindDemands(const nlohmann::json& schema, std::string* found) {
  constexpr std::pair<std::string_view, std::string_view> kDemands[] = {
      {"delta.generationExpression", "a generated column"},
      {"delta.identity.start", "an identity column"},
      {"CURRENT_DEFAULT", "a column with a default value"}};
  if (schema.is_array()) {
    for (const auto& one : schema) FindDemands(one, found);
  }
  if (!schema.is_object()) return;
  const auto add = [&](std::string_view words) {
    if (found->find(words) == std::string::npos) Add(std::string(words), found);
  };
  if (IsVoidWithin(schema)) add("a void type within another");
  for (const auto& [key, value] : schema.items()) {
    for (const auto& [demand, words] : kDemands) {
      if (key == demand) add(words);
    }
    FindDemands(value, found);
  }
}

// What the table makes use of that we cannot do.
std::string Demands(const Protocol& protocol, const Metadata& metadata, const WriteIntent& intent) {
  std::string out;
  if (intent.adds_rows) {
    FindDemands(nlohmann::json::parse(metadata.schema_string, nullptr, false), &out);
    const auto constraints = ConstraintsOf(metadata);
    if (!constraints.ok()) Add(MessageOf(constraints.status()), &out);
    if (constraints.ok()) {
      for (const auto& unknown : constraints->unknown) Add(unknown, &out);
    }
    for (const std::string_view name : {"enableIcebergCompatV1", "enableIcebergCompatV2"}) {
      if (IsOn(metadata, name)) Add("delta." + std::string(name), &out);
    }
  }
  const bool feed =
      HasFeature(protocol, "changeDataFeed") && IsOn(metadata, "enableChangeDataFeed");
  if (feed && intent.streams) {
    Add("a change data feed (delta.enableChangeDataFeed), which the undo of a stream cannot serve",
        &out);
  }
  return out;
}

Status Refused(const std::string& what, const std::string& where) {
  return ConfigurationError("deltalake: " + what + ": " + where);
}

// The type that a change of types names; null: none that we read.
std::shared_ptr<arrow::DataType> TypeNamed(const nlohmann::json& name) {
  nlohmann::json field = {{"name", "x"}, {"type", name}, {"nullable", true}};
  const nlohmann::json columns = {{"fields", nlohmann::json::array({std::move(field)})}};
  const auto schema = SchemaFromJson(columns.dump(), "");
  return schema.ok() ? (*schema)->field(0)->type() : nullptr;
}

// Changes of types ("Type Change Metadata"), wherever they stand, that no list of the protocol has:
// the values of older files could not be told.
void FindUnknownChanges(const nlohmann::json& schema, std::string* found) {
  if (!schema.is_structured()) return;
  if (schema.is_object() && schema.contains("delta.typeChanges")) {
    for (const auto& change : schema["delta.typeChanges"]) {
      if (!change.is_object()) continue;
      const auto from = change.value("fromType", nlohmann::json());
      const auto to = change.value("toType", nlohmann::json());
      const auto narrow = TypeNamed(from);
      const auto wide = TypeNamed(to);
      const bool known = narrow != nullptr && wide != nullptr && IsDeltaWidening(*narrow, *wide);
      if (!known) Add(from.dump() + " to " + to.dump(), found);
    }
  }
  for (const auto& part : schema) FindUnknownChanges(part, found);
}

bool Says(const Metadata& metadata, std::string_view name, std::string_view truth) {
  const auto found = metadata.configuration.find("delta." + std::string(name));
  if (found == metadata.configuration.end()) return false;
  return base::LowerAscii(found->second) == truth;
}

}  // namespace

std::vector<FeatureSupport> KnownFeatures() {
  std::vector<FeatureSupport> out;
  for (const auto& feature : kFeatures) out.push_back(feature.support);
  return out;
}

bool HasFeature(const Protocol& protocol, std::string_view feature) {
  if (Lists(protocol.writer_features, feature) || Lists(protocol.reader_features, feature)) {
    return true;
  }
  const auto* known = Find(feature);
  if (known == nullptr) return false;
  if (known->since_writer > 0 && protocol.min_writer_version < kWriterVersion) {
    return protocol.min_writer_version >= known->since_writer;
  }
  return false;
}

bool IsOn(const Metadata& metadata, std::string_view name) { return Says(metadata, name, "true"); }

bool IsOff(const Metadata& metadata, std::string_view name) {
  return Says(metadata, name, "false");
}

Status CheckReadable(const Protocol& protocol, const Metadata& metadata, const std::string& where) {
  if (metadata.format_provider != "parquet") {
    return Refused("the table's files are not Parquet, which alone is read: format=" +
                       metadata.format_provider,
                   where);
  }
  if (protocol.min_reader_version > kReaderVersion || protocol.min_reader_version < 1) {
    return Refused("the table asks for a newer reader; update ampload: minReaderVersion=" +
                       std::to_string(protocol.min_reader_version) +
                       " known=" + std::to_string(kReaderVersion),
                   where);
  }
  std::string unknown;
  if (protocol.min_reader_version == kReaderVersion && protocol.reader_features) {
    for (const auto& name : *protocol.reader_features) {
      const auto* known = Find(name);
      if (known == nullptr || !known->support.read) Add(name, &unknown);
    }
  }
  if (unknown.empty()) {
    if (!HasFeature(protocol, "typeWidening") && !HasFeature(protocol, "typeWidening-preview")) {
      return Status::OK();
    }
    FindUnknownChanges(nlohmann::json::parse(metadata.schema_string, nullptr, false), &unknown);
    if (unknown.empty()) return Status::OK();
    return Refused(
        "columns have changed their types in ways that ampload does not know; update ampload: "
        "changes=[" +
            unknown + "]",
        where);
  }
  return Refused(
      "the table uses features that ampload does not read; update ampload, or have the tool that "
      "made the table drop them (ALTER TABLE ... DROP FEATURE): features=[" +
          unknown + "]",
      where);
}

Status CheckWritable(const Protocol& protocol, const Metadata& metadata, const WriteIntent& intent,
                     const std::string& where) {
  ARROW_RETURN_NOT_OK(CheckReadable(protocol, metadata, where));
  if (protocol.min_writer_version > kWriterVersion || protocol.min_writer_version < 1) {
    return Refused("the table asks for a newer writer; update ampload: minWriterVersion=" +
                       std::to_string(protocol.min_writer_version) +
                       " known=" + std::to_string(kWriterVersion),
                   where);
  }
  std::string unknown;
  if (protocol.min_writer_version == kWriterVersion && protocol.writer_features) {
    for (const auto& name : *protocol.writer_features) {
      const auto* known = Find(name);
      if (known == nullptr || !known->support.written) Add(name, &unknown);
    }
  }
  if (!unknown.empty()) {
    return Refused(
        "the table uses features that ampload does not write; have the tool that made it drop "
        "them (ALTER TABLE ... DROP FEATURE), or load into another table: features=[" +
            unknown + "]",
        where);
  }
  const auto demands = Demands(protocol, metadata, intent);
  if (!demands.empty()) {
    return Refused(
        "the table asks of its writers what ampload does not do; load into another "
        "table: asked=[" +
            demands + "]",
        where);
  }
  const bool append_only = HasFeature(protocol, "appendOnly") && IsOn(metadata, "appendOnly");
  if (append_only && (intent.removes_rows || intent.streams)) {
    return Refused(intent.streams
                       ? "the table is append-only (delta.appendOnly), and a stream may have to "
                         "take rows back; load into another table, or set the property to false"
                       : "the table is append-only (delta.appendOnly), and its rows cannot be "
                         "replaced or taken back; append, or set the property to false",
                   where);
  }
  return Status::OK();
}

namespace {

bool HasTimestampNtz(const arrow::DataType& type) {
  if (type.id() == arrow::Type::TIMESTAMP) {
    return static_cast<const arrow::TimestampType&>(type).timezone().empty();
  }
  return std::any_of(type.fields().begin(), type.fields().end(),
                     [](const auto& field) { return HasTimestampNtz(*field->type()); });
}

void Insert(std::string_view name, std::vector<std::string>* into) {
  if (std::find(into->begin(), into->end(), name) == into->end()) into->emplace_back(name);
}

}  // namespace

Protocol ProtocolFor(const arrow::Schema& schema, const TextMap& /*configuration*/) {
  Protocol protocol;
  for (const auto& field : schema.fields()) {
    if (!HasFeature(protocol, "timestampNtz") && HasTimestampNtz(*field->type())) {
      protocol = WithFeature(protocol, "timestampNtz");
    }
  }
  return protocol;
}

Protocol WithFeature(const Protocol& protocol, std::string_view feature) {
  Protocol out = protocol;
  const auto* known = Find(feature);
  const bool for_readers = known != nullptr && known->support.for_readers;
  if (out.min_writer_version < kWriterVersion) {
    out.writer_features.emplace();
    for (const auto& one : kFeatures) {
      if (one.since_writer > 0 && one.since_writer <= protocol.min_writer_version) {
        Insert(one.support.name, &*out.writer_features);
      }
    }
    out.min_writer_version = kWriterVersion;
  }
  if (!out.writer_features) out.writer_features.emplace();
  Insert(feature, &*out.writer_features);
  if (for_readers && out.min_reader_version < kReaderVersion) {
    out.reader_features.emplace();
    for (const auto& one : kFeatures) {
      if (one.since_reader > 0 && one.since_reader <= protocol.min_reader_version) {
        Insert(one.support.name, &*out.reader_features);
        Insert(one.support.name, &*out.writer_features);
      }
    }
    out.min_reader_version = kReaderVersion;
  }
  if (for_readers) {
    if (!out.reader_features) out.reader_features.emplace();
    Insert(feature, &*out.reader_features);
  }
  return out;
}

}  // namespace ampload::deltalake
