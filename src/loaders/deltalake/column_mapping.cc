// Columns under names and ids of their own (the Delta protocol, "Column Mapping").
#include <arrow/api.h>
#include <arrow/compute/api.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/arrow_compute.h"
#include "base/random.h"
#include "loaders/deltalake/field_metadata.h"
#include "loaders/deltalake/table_schema.h"

namespace ampload::deltalake {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kParquetFieldId[] = "PARQUET:field_id";

std::shared_ptr<arrow::Field> WithoutKey(const std::shared_ptr<arrow::Field>& field,
                                         const std::string& key) {
  if (!field->HasMetadata() || !field->metadata()->Contains(key)) return field;
  auto metadata = field->metadata()->Copy();
  if (!metadata->Delete(key).ok() || metadata->size() == 0) return field->RemoveMetadata();
  return field->WithMetadata(std::move(metadata));
}

Result<std::shared_ptr<arrow::Field>> PhysicalField(const std::shared_ptr<arrow::Field>& field,
                                                    ColumnMapping mapping,
                                                    const std::string& where) {
  const auto inner = [&](const auto& part) { return PhysicalField(part, mapping, where); };
  ARROW_ASSIGN_OR_RAISE(auto type, WithChangedFields(field->type(), inner));
  auto plain = WithoutKey(field->WithType(type), kDeltaMetadata);
  if (mapping == ColumnMapping::kNone) return plain;
  const Json metadata = DeltaMetadataOf(*field);
  const auto name = metadata.find(kPhysicalName);
  const auto id = metadata.find(kColumnId);
  const bool whole = name != metadata.end() && name->is_string() && id != metadata.end() &&
                     id->is_number_integer() && id->get<int64_t>() >= 0 &&
                     id->get<int64_t>() <= std::numeric_limits<int32_t>::max();
  if (!whole) {
    return PermanentError(
        "deltalake: the table's schema is damaged: a column lacks its physical name or its id: "
        "column=" +
        field->name() + " " + where);
  }
  return plain->WithName(name->get<std::string>())
      ->WithMergedMetadata(
          arrow::key_value_metadata({kParquetFieldId}, {std::to_string(id->get<int64_t>())}));
}

std::string NewPhysicalName() {  // as other writers form it: "col-" and a UUID
  std::string uuid = base::RandomNonce();
  for (const size_t at : {8u, 13u, 18u, 23u}) uuid.insert(at, "-");
  return "col-" + uuid;
}

Result<std::shared_ptr<arrow::Field>> Mapped(const std::shared_ptr<arrow::Field>& field,
                                             int64_t* max_column_id) {
  if (*max_column_id >= std::numeric_limits<int32_t>::max()) {
    return DataError("deltalake: the table has no column id left: column=" + field->name());
  }
  Json metadata = DeltaMetadataOf(*field);
  metadata[kColumnId] = ++*max_column_id;
  metadata[kPhysicalName] = NewPhysicalName();
  const auto inner = [&](const auto& part) { return Mapped(part, max_column_id); };
  ARROW_ASSIGN_OR_RAISE(auto type, WithChangedFields(field->type(), inner));
  return WithDeltaMetadata(field->WithType(type), metadata);
}

}  // namespace

Json DeltaMetadataOf(const arrow::Field& field) {
  if (!field.HasMetadata()) return Json::object();
  const auto text = field.metadata()->Get(kDeltaMetadata);
  if (!text.ok()) return Json::object();
  Json metadata = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  return metadata.is_object() ? metadata : Json::object();
}

std::shared_ptr<arrow::Field> WithDeltaMetadata(const std::shared_ptr<arrow::Field>& field,
                                                const Json& metadata) {
  if (metadata.empty()) return WithoutKey(field, kDeltaMetadata);
  return field->WithMergedMetadata(arrow::key_value_metadata(
      {kDeltaMetadata}, {metadata.dump(-1, ' ', false, Json::error_handler_t::replace)}));
}

Result<std::vector<std::string>> LowerCaseNames(const arrow::FieldVector& fields) {
  ARROW_RETURN_NOT_OK(base::InitializeArrowCompute());
  arrow::StringBuilder builder;
  for (const auto& field : fields) ARROW_RETURN_NOT_OK(builder.Append(field->name()));
  ARROW_ASSIGN_OR_RAISE(const auto names, builder.Finish());
  const auto lower = arrow::compute::CallFunction("utf8_lower", {names});
  if (!lower.ok()) return DataError("deltalake: a column's name is no UTF-8");
  const auto array = lower->make_array();
  const auto& texts = static_cast<const arrow::StringArray&>(*array);
  std::vector<std::string> out;
  for (int64_t i = 0; i < texts.length(); ++i) out.push_back(texts.GetString(i));
  return out;
}

Result<ColumnMapping> ColumnMappingOf(const Protocol& protocol, const Metadata& metadata) {
  const auto lists = [&](const std::optional<std::vector<std::string>>& features) {
    return features.has_value() &&
           std::find(features->begin(), features->end(), "columnMapping") != features->end();
  };
  const bool supported = protocol.min_reader_version == 2 ||
                         (protocol.min_reader_version >= 3 && lists(protocol.reader_features));
  const auto mode = metadata.configuration.find("delta.columnMapping.mode");
  if (!supported || mode == metadata.configuration.end()) return ColumnMapping::kNone;
  if (mode->second == "none") return ColumnMapping::kNone;
  if (mode->second == "name") return ColumnMapping::kName;
  if (mode->second == "id") return ColumnMapping::kId;
  return ConfigurationError(
      "deltalake: the table maps columns in a way that ampload does not know (none, name, id): "
      "delta.columnMapping.mode=" +
      mode->second);
}

Result<std::shared_ptr<arrow::Schema>> PhysicalSchema(const arrow::Schema& schema,
                                                      ColumnMapping mapping,
                                                      const std::string& where) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    ARROW_ASSIGN_OR_RAISE(auto physical, PhysicalField(field, mapping, where));
    fields.push_back(std::move(physical));
  }
  return arrow::schema(std::move(fields));
}

std::string PhysicalName(const arrow::Field& field, ColumnMapping mapping) {
  if (mapping == ColumnMapping::kNone) return field.name();
  const Json metadata = DeltaMetadataOf(field);
  const auto name = metadata.find(kPhysicalName);
  return name != metadata.end() && name->is_string() ? name->get<std::string>() : field.name();
}

Result<std::shared_ptr<arrow::Schema>> WithColumns(const arrow::Schema& schema,
                                                   const arrow::FieldVector& added,
                                                   ColumnMapping mapping, int64_t* max_column_id) {
  arrow::FieldVector fields = schema.fields();
  for (const auto& field : added) {
    auto column = field->WithNullable(true);
    if (mapping != ColumnMapping::kNone) {
      ARROW_ASSIGN_OR_RAISE(column, Mapped(column, max_column_id));
    }
    fields.push_back(std::move(column));
  }
  ARROW_ASSIGN_OR_RAISE(const auto names, LowerCaseNames(fields));
  std::set<std::string> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    if (seen.insert(names[i]).second) continue;
    return DataError("deltalake: the table has a column of that name, but for its case: column=" +
                     fields[i]->name());
  }
  return arrow::schema(std::move(fields), schema.metadata());
}

}  // namespace ampload::deltalake
