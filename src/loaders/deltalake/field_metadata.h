// What Delta keeps about a field, in and out of the Arrow field's metadata. Pure.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ampload/status.h"
#include "base/nested_type.h"

namespace ampload::deltalake {

inline constexpr char kColumnId[] = "delta.columnMapping.id";
inline constexpr char kPhysicalName[] = "delta.columnMapping.physicalName";

// The object under kDeltaMetadata; an empty one where there is none.
nlohmann::ordered_json DeltaMetadataOf(const arrow::Field& field);

// The field with that object in place of what it had; an empty one is left out.
std::shared_ptr<arrow::Field> WithDeltaMetadata(const std::shared_ptr<arrow::Field>& field,
                                                const nlohmann::ordered_json& metadata);

// The type with `change` (a field to a Result of a field) done to the fields of the struct types
// nearest to it: those within lists and maps, too, whose own elements are no fields to Delta.
template <class Change>
Result<std::shared_ptr<arrow::DataType>> WithChangedFields(
    const std::shared_ptr<arrow::DataType>& type, const Change& change) {
  if (type->num_fields() == 0) return type;
  arrow::FieldVector fields;
  for (const auto& field : type->fields()) {
    if (type->id() == arrow::Type::STRUCT) {
      ARROW_ASSIGN_OR_RAISE(auto changed, change(field));
      fields.push_back(std::move(changed));
    } else if (type->id() == arrow::Type::MAP) {  // its one field is a struct that is none to Delta
      arrow::FieldVector entries;
      for (const auto& part : field->type()->fields()) {
        ARROW_ASSIGN_OR_RAISE(auto changed, WithChangedFields(part->type(), change));
        entries.push_back(part->WithType(changed));
      }
      fields.push_back(field->WithType(arrow::struct_(entries)));
    } else {
      ARROW_ASSIGN_OR_RAISE(auto changed, WithChangedFields(field->type(), change));
      fields.push_back(field->WithType(changed));
    }
  }
  return base::WithFields(type, fields);
}

// The names in lower case, as Unicode has it: column names differ by more than their case. A data
// error for one that is no UTF-8.
Result<std::vector<std::string>> LowerCaseNames(const arrow::FieldVector& fields);

}  // namespace ampload::deltalake
