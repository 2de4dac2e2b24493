// schemaString, the JSON of a Delta table's columns (the Delta protocol, "Schema Serialization
// Format"), as an Arrow schema and back. Pure.
//
// Arrow types and Delta types stand for each other one to one: boolean, int8 byte, int16 short,
// int32 integer, int64 long, float, double, decimal128(p, s), utf8 string, binary, date32 date,
// timestamp(us, UTC), timestamp(us) timestamp_ntz, null void, struct, list (field "element") array,
// map. What Delta keeps about a field (at any depth) is the JSON text under its metadata key
// kDeltaMetadata; it survives the way there and back.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"
#include "loaders/deltalake/actions.h"

namespace ampload::deltalake {

inline constexpr char kDeltaMetadata[] = "delta.metadata";

// A permanent failure, which `where` ends, for damage; a configuration error for a type that we do
// not read (variant, geometry ...), which it names.
Result<std::shared_ptr<arrow::Schema>> SchemaFromJson(std::string_view json,
                                                      const std::string& where);

// A data error for an Arrow type that is none of those above, and for names that are equal but for
// their case.
Result<std::string> SchemaToJson(const arrow::Schema& schema);

// "decimal(10,2)", "array<long>": for people; also the `type` of a primitive in JSON.
std::string DeltaTypeName(const arrow::DataType& type);

enum class ColumnMapping { kNone, kName, kId };

// As the metadata's configuration and the protocol say. A configuration error for another mode.
Result<ColumnMapping> ColumnMappingOf(const Protocol& protocol, const Metadata& metadata);

// The columns as data files and statistics name them: with a mapping, physical names at every
// depth and the id as metadata key PARQUET:field_id; without one, the same schema. kDeltaMetadata
// is left out. A permanent failure where a field lacks its name or id.
Result<std::shared_ptr<arrow::Schema>> PhysicalSchema(const arrow::Schema& schema,
                                                      ColumnMapping mapping,
                                                      const std::string& where);

// The name of a top-level column in partitionValues and statistics.
std::string PhysicalName(const arrow::Field& field, ColumnMapping mapping);

// New columns (each nullable) at the schema's end, with a physical name and an id of their own
// where there is a mapping; `max_column_id` is delta.columnMapping.maxColumnId, and moved on.
Result<std::shared_ptr<arrow::Schema>> WithColumns(const arrow::Schema& schema,
                                                   const arrow::FieldVector& added,
                                                   ColumnMapping mapping, int64_t* max_column_id);

// May typeWidening make `to` of `from` ("The supported type changes are")? Primitive types alone.
bool IsDeltaWidening(const arrow::DataType& from, const arrow::DataType& to);

// The schema with that column's type changed and the change noted under delta.typeChanges.
Result<std::shared_ptr<arrow::Schema>> WithWidenedColumn(
    const arrow::Schema& schema, const std::string& column,
    const std::shared_ptr<arrow::DataType>& to);

}  // namespace ampload::deltalake
