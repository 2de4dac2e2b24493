#include "encode/type_family.h"

#include <arrow/extension_type.h>
#include <arrow/type_traits.h>

#include <algorithm>

namespace ampload::encode {
namespace {

using arrow::Type;

bool IsExtension(const arrow::DataType& type, std::string_view name) {
  return type.id() == Type::EXTENSION &&
         static_cast<const arrow::ExtensionType&>(type).extension_name() == name;
}

// One wrapper less, or null where there is none.
const arrow::DataType* Inner(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::EXTENSION:
      return static_cast<const arrow::ExtensionType&>(type).storage_type().get();
    case Type::DICTIONARY:
      return static_cast<const arrow::DictionaryType&>(type).value_type().get();
    case Type::RUN_END_ENCODED:
      return static_cast<const arrow::RunEndEncodedType&>(type).value_type().get();
    default:
      return nullptr;
  }
}

TypeFamily TimestampFamily(const arrow::DataType& type) {
  const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
  const bool zone = !timestamp.timezone().empty();
  if (timestamp.unit() == arrow::TimeUnit::NANO) {
    return zone ? TypeFamily::kTimestampNsZone : TypeFamily::kTimestampNs;
  }
  return zone ? TypeFamily::kTimestampZone : TypeFamily::kTimestamp;
}

TypeFamily ListFamily(const arrow::DataType& list) {
  const auto& item = Unwrapped(*list.field(0)->type());
  return arrow::is_nested(item.id()) ? TypeFamily::kNestedList : TypeFamily::kScalarList;
}

}  // namespace

const arrow::DataType& Unwrapped(const arrow::DataType& type) {
  const arrow::DataType* inner = &type;
  while (const auto* next = Inner(*inner)) inner = next;
  return *inner;
}

DecimalShape SqlShape(const arrow::DecimalType& type) {
  if (type.scale() < 0) return {type.precision() - type.scale(), 0};
  return {std::max(type.precision(), type.scale()), type.scale()};
}

TypeFamily FamilyOf(const arrow::DataType& outer) {
  for (const auto* at = &outer; at != nullptr; at = Inner(*at)) {
    if (IsExtension(*at, "arrow.uuid")) return TypeFamily::kUuid;
    if (IsExtension(*at, "arrow.json")) return TypeFamily::kJson;
  }
  const auto& type = Unwrapped(outer);
  switch (type.id()) {
    case Type::NA:
      return TypeFamily::kNull;
    case Type::BOOL:
      return TypeFamily::kBool;
    case Type::INT8:
      return TypeFamily::kInt8;
    case Type::INT16:
      return TypeFamily::kInt16;
    case Type::INT32:
      return TypeFamily::kInt32;
    case Type::INT64:
      return TypeFamily::kInt64;
    case Type::UINT8:
      return TypeFamily::kUint8;
    case Type::UINT16:
      return TypeFamily::kUint16;
    case Type::UINT32:
      return TypeFamily::kUint32;
    case Type::UINT64:
      return TypeFamily::kUint64;
    case Type::HALF_FLOAT:
      return TypeFamily::kFloat16;
    case Type::FLOAT:
      return TypeFamily::kFloat32;
    case Type::DOUBLE:
      return TypeFamily::kFloat64;
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
      return SqlShape(static_cast<const arrow::DecimalType&>(type)).precision <= 38
                 ? TypeFamily::kDecimal
                 : TypeFamily::kWideDecimal;
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      return TypeFamily::kString;
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
      return TypeFamily::kBinary;
    case Type::FIXED_SIZE_BINARY:
      return TypeFamily::kFixedBinary;
    case Type::DATE32:
    case Type::DATE64:
      return TypeFamily::kDate;
    case Type::TIME32:
    case Type::TIME64:
      return static_cast<const arrow::TimeType&>(type).unit() == arrow::TimeUnit::NANO
                 ? TypeFamily::kTimeNs
                 : TypeFamily::kTime;
    case Type::TIMESTAMP:
      return TimestampFamily(type);
    case Type::DURATION:
      return static_cast<const arrow::DurationType&>(type).unit() == arrow::TimeUnit::NANO
                 ? TypeFamily::kDurationNs
                 : TypeFamily::kDuration;
    case Type::INTERVAL_MONTHS:
    case Type::INTERVAL_DAY_TIME:
      return TypeFamily::kInterval;
    case Type::INTERVAL_MONTH_DAY_NANO:
      return TypeFamily::kIntervalNs;
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW:
    case Type::FIXED_SIZE_LIST:
      return ListFamily(type);
    case Type::STRUCT:
      return TypeFamily::kStruct;
    case Type::MAP:
      return TypeFamily::kMap;
    default:
      return TypeFamily::kUnion;  // dense, sparse, and what no store knows
  }
}

TypeFamily FamilyOf(const arrow::Field& field) {
  const TypeFamily family = FamilyOf(*field.type());
  if (family != TypeFamily::kUint64) return family;
  const auto& name = field.name();
  const bool block = name == "_block_num" || name == "block_num" || name == "block_number";
  return block ? TypeFamily::kBlockNumber : family;
}

}  // namespace ampload::encode
