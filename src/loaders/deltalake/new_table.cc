#include "loaders/deltalake/new_table.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <utility>

#include "ampload/batch_id.h"
#include "base/random.h"
#include "loaders/deltalake/features.h"
#include "loaders/deltalake/partition_values.h"
#include "loaders/deltalake/schema_fit.h"

namespace ampload::deltalake {
namespace {

constexpr char kMode[] = "delta.columnMapping.mode";
constexpr char kMaxColumnId[] = "delta.columnMapping.maxColumnId";
constexpr char kStatsColumns[] = "delta.dataSkippingStatsColumns";
constexpr char kIndexedColumns[] = "delta.dataSkippingNumIndexedCols";

// What a table has to list so that the property means something ("Valid Feature Names").
constexpr std::pair<std::string_view, std::string_view> kFeatures[] = {
    {"delta.enableChangeDataFeed", "changeDataFeed"},
    {"delta.enableDeletionVectors", "deletionVectors"},
    {"delta.enableIcebergCompatV1", "icebergCompatV1"},
    {"delta.enableIcebergCompatV2", "icebergCompatV2"},
    {"delta.enableInCommitTimestamps", "inCommitTimestamp"},
    {"delta.enableRowTracking", "domainMetadata"},
    {"delta.enableRowTracking", "rowTracking"},
    {"delta.enableTypeWidening", "typeWidening"}};

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A version 4 UUID, as Delta's own writers give a table.
std::string NewUuid() {
  std::string hex = base::RandomNonce();
  hex[12] = '4';
  constexpr char kVariants[] = "89ab";
  hex[16] = kVariants[static_cast<unsigned char>(hex[16]) % 4U];
  for (const size_t at : {8U, 13U, 18U, 23U}) hex.insert(at, "-");
  return hex;
}

Status CheckPartitions(const std::vector<std::string>& names, const arrow::Schema& columns,
                       const std::string& where) {
  for (const auto& name : names) {
    const auto field = columns.GetFieldByName(name);
    if (field == nullptr) {
      return ConfigurationError("deltalake: partition_by: the rows have no such column: " + where +
                                " column=" + name);
    }
    if (name == kBatchIdColumn) {
      return ConfigurationError(
          "deltalake: partition_by: every batch would have a folder of its own; choose another "
          "column: " +
          where + " column=" + name);
    }
    ARROW_RETURN_NOT_OK(WithContext(CheckPartitionType(*field), "deltalake"));
  }
  if (!names.empty() && std::cmp_equal(names.size(), columns.num_fields())) {
    return ConfigurationError(
        "deltalake: partition_by names all columns; data files need one that is left: " + where);
  }
  return Status::OK();
}

Result<ColumnMapping> MappingFor(const TextMap& properties, const arrow::Schema& columns,
                                 const std::string& where) {
  const auto unplain = UnplainName(columns.fields());
  const auto mode = properties.find(kMode);
  if (mode == properties.end()) return unplain ? ColumnMapping::kName : ColumnMapping::kNone;
  if (mode->second == "name") return ColumnMapping::kName;
  if (mode->second == "id") return ColumnMapping::kId;
  if (!unplain) return ColumnMapping::kNone;
  return ConfigurationError(
      "deltalake: without column mapping a column's name has no blank, comma, semicolon, brace, "
      "parenthesis, line break, tab or equals sign; leave delta.columnMapping.mode out, or "
      "--rename "
      "the column: " +
      where + " column=" + *unplain);
}

// New columns of a table that is there.
Status CheckNames(const arrow::FieldVector& columns, ColumnMapping mapping,
                  const std::string& where) {
  const auto unplain = UnplainName(columns);
  if (!unplain || mapping != ColumnMapping::kNone) return Status::OK();
  return DataError(
      "deltalake: the table has no column mapping, so that a column's name has no blank, comma, "
      "semicolon, brace, parenthesis, line break, tab or equals sign; give it another with "
      "--rename: " +
      where + " column=" + *unplain);
}

// `columns` as a schema of its own: WithColumns makes them nullable, here they stay what they are.
Result<std::shared_ptr<arrow::Schema>> Mapped(const arrow::Schema& columns, ColumnMapping mapping,
                                              int64_t* max_column_id) {
  ARROW_ASSIGN_OR_RAISE(const auto made,
                        WithColumns(*arrow::schema({}), columns.fields(), mapping, max_column_id));
  arrow::FieldVector fields;
  for (int i = 0; i < made->num_fields(); ++i) {
    fields.push_back(made->field(i)->WithNullable(columns.field(i)->nullable()));
  }
  return arrow::schema(std::move(fields));
}

int64_t MaxColumnId(const TextMap& configuration) {
  const auto at = configuration.find(kMaxColumnId);
  int64_t id = 0;
  if (at != configuration.end()) {
    std::from_chars(at->second.data(), at->second.data() + at->second.size(), id);
  }
  return id;
}

// The metadata's part that follows from the columns.
Status Describe(int64_t max_column_id, const std::string& where, TableDefinition* table) {
  auto& configuration = table->metadata.configuration;
  if (table->mapping != ColumnMapping::kNone) {
    configuration[kMode] = table->mapping == ColumnMapping::kName ? "name" : "id";
    configuration[kMaxColumnId] = std::to_string(max_column_id);
  }
  if (auto columns =
          StatsColumnsFor(*table->schema, table->metadata.partition_columns, configuration)) {
    configuration[kStatsColumns] = std::move(*columns);
  }
  ARROW_ASSIGN_OR_RAISE(table->metadata.schema_string, SchemaToJson(*table->schema));
  // As everybody reads it, this session among them.
  ARROW_ASSIGN_OR_RAISE(table->schema, SchemaFromJson(table->metadata.schema_string, where));
  return Status::OK();
}

// What columns of these types need of a table that is there.
Protocol ProtocolWith(const Protocol& protocol, const arrow::Schema& columns) {
  Protocol raised = protocol;
  const auto needed = ProtocolFor(columns, {});
  if (!needed.writer_features) return raised;
  for (const auto& feature : *needed.writer_features) {
    const bool by_type = feature == "timestampNtz";
    if (by_type && !HasFeature(raised, feature)) raised = WithFeature(raised, feature);
  }
  return raised;
}

// Spark refuses a list that names others.
bool MayBeNamedForStatistics(const arrow::DataType& type) {
  return arrow::is_numeric(type.id()) || arrow::is_decimal(type.id()) ||
         arrow::is_string(type.id()) || type.id() == arrow::Type::DATE32 ||
         type.id() == arrow::Type::TIMESTAMP;
}

struct Leaf {
  std::string name;
  bool may_be_named = false;
};

void AddLeaves(const arrow::Field& field, const std::string& above, std::vector<Leaf>* leaves) {
  const bool simple = std::all_of(field.name().begin(), field.name().end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  std::string name = field.name();
  if (!simple || name.empty()) {
    for (size_t at = name.find('`'); at != std::string::npos; at = name.find('`', at + 2)) {
      name.insert(at, 1, '`');
    }
    name = "`" + name + "`";
  }
  name = above + name;
  if (field.type()->id() != arrow::Type::STRUCT) {
    return leaves->push_back({name, MayBeNamedForStatistics(*field.type())});
  }
  for (const auto& child : field.type()->fields()) AddLeaves(*child, name + ".", leaves);
}

}  // namespace

std::optional<std::string> StatsColumnsFor(const arrow::Schema& schema,
                                           const std::vector<std::string>& partition_columns,
                                           const TextMap& configuration) {
  if (schema.GetFieldIndex(kBatchIdColumn) < 0) return std::nullopt;
  if (const auto named = configuration.find(kStatsColumns); named != configuration.end()) {
    const std::string all = "," + named->second + ",";
    std::string plain;
    std::remove_copy_if(all.begin(), all.end(), std::back_inserter(plain),
                        [](char c) { return c == ' ' || c == '`'; });
    if (plain.find(std::string(",") + kBatchIdColumn + ",") != std::string::npos) {
      return std::nullopt;
    }
    return named->second.empty() ? kBatchIdColumn : named->second + "," + kBatchIdColumn;
  }
  int64_t indexed = 32;
  if (const auto number = configuration.find(kIndexedColumns); number != configuration.end()) {
    std::from_chars(number->second.data(), number->second.data() + number->second.size(), indexed);
  }
  if (indexed < 0) return std::nullopt;
  std::vector<Leaf> leaves;
  for (const auto& field : schema.fields()) {
    if (field->name() == kBatchIdColumn) break;
    if (!Contains(partition_columns, field->name())) AddLeaves(*field, "", &leaves);
  }
  if (std::cmp_less(leaves.size(), indexed)) return std::nullopt;
  leaves.resize(static_cast<size_t>(std::max<int64_t>(indexed - 1, 0)));
  std::string text;
  for (const auto& leaf : leaves) text += leaf.may_be_named ? leaf.name + "," : "";
  return text + kBatchIdColumn;
}

Result<TableDefinition> DefineTable(const DeltaLakeStorageConfig& config,
                                    const arrow::Schema& columns, const std::string& where) {
  TableDefinition table;
  ARROW_RETURN_NOT_OK(CheckCase(columns, where));
  auto& metadata = table.metadata;
  metadata.id = NewUuid();
  metadata.partition_columns = config.partition_columns();
  metadata.configuration = config.table_properties();
  metadata.created_time = std::chrono::duration_cast<std::chrono::milliseconds>(
                              std::chrono::system_clock::now().time_since_epoch())
                              .count();
  ARROW_RETURN_NOT_OK(CheckPartitions(metadata.partition_columns, columns, where));
  ARROW_ASSIGN_OR_RAISE(table.mapping, MappingFor(metadata.configuration, columns, where));
  int64_t max_column_id = 0;
  ARROW_ASSIGN_OR_RAISE(table.schema, Mapped(columns, table.mapping, &max_column_id));
  ARROW_RETURN_NOT_OK(Describe(max_column_id, where, &table));
  table.protocol = ProtocolFor(*table.schema, metadata.configuration);
  for (const auto& [property, feature] : kFeatures) {
    const auto set = metadata.configuration.find(std::string(property));
    if (set == metadata.configuration.end() || set->second != "true") continue;
    if (!HasFeature(table.protocol, feature)) table.protocol = WithFeature(table.protocol, feature);
  }
  if (table.mapping != ColumnMapping::kNone && !HasFeature(table.protocol, "columnMapping")) {
    table.protocol = WithFeature(table.protocol, "columnMapping");
  }
  return table;
}

Result<TableDefinition> ChangedTable(const Snapshot& table, const arrow::FieldVector& added,
                                     const arrow::FieldVector& widened, const std::string& where) {
  TableDefinition changed{table.schema, table.mapping, table.metadata, table.protocol};
  for (const auto& wider : widened) {
    const int at = changed.schema->GetFieldIndex(wider->name());
    if (changed.schema->field(at)->type()->id() == arrow::Type::NA) {
      ARROW_ASSIGN_OR_RAISE(
          changed.schema,
          changed.schema->SetField(at, changed.schema->field(at)->WithType(wider->type())));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(changed.schema,
                          WithWidenedColumn(*changed.schema, wider->name(), wider->type()));
  }
  ARROW_RETURN_NOT_OK(CheckNames(added, table.mapping, where));
  int64_t max_column_id = MaxColumnId(table.metadata.configuration);
  ARROW_ASSIGN_OR_RAISE(changed.schema,
                        WithColumns(*changed.schema, added, table.mapping, &max_column_id));
  ARROW_RETURN_NOT_OK(Describe(max_column_id, where, &changed));
  auto new_columns = added;
  new_columns.insert(new_columns.end(), widened.begin(), widened.end());
  changed.protocol = ProtocolWith(table.protocol, *arrow::schema(std::move(new_columns)));
  return changed;
}

Result<TableDefinition> TableWithOtherColumns(const Snapshot& table, const arrow::Schema& columns,
                                              const std::string& where) {
  ARROW_RETURN_NOT_OK(CheckCase(columns, where));
  ARROW_RETURN_NOT_OK(CheckPartitions(table.metadata.partition_columns, columns, where));
  ARROW_RETURN_NOT_OK(CheckNames(columns.fields(), table.mapping, where));
  TableDefinition changed{nullptr, table.mapping, table.metadata, table.protocol};
  int64_t max_column_id = MaxColumnId(table.metadata.configuration);
  ARROW_ASSIGN_OR_RAISE(changed.schema, Mapped(columns, table.mapping, &max_column_id));
  ARROW_RETURN_NOT_OK(Describe(max_column_id, where, &changed));
  changed.protocol = ProtocolWith(table.protocol, columns);
  return changed;
}

}  // namespace ampload::deltalake
