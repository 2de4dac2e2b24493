// Arrow types by what matters to a store: the rows of the type matrix.
#pragma once

#include <arrow/type.h>

#include <memory>

namespace ampload::encode {

enum class TypeFamily {
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kBlockNumber,  // uint64 under a name that people join and filter on
  kFloat16,
  kFloat32,
  kFloat64,
  kDecimal,      // at most 38 digits, of any width
  kWideDecimal,  // 39 to 76 digits
  kString,
  kBinary,
  kFixedBinary,
  kDate,
  kTime,    // s, ms, us
  kTimeNs,  //
  kTimestampZone,
  kTimestamp,
  kTimestampNsZone,
  kTimestampNs,
  kDuration,  // s, ms, us
  kDurationNs,
  kInterval,  // months, or days and milliseconds
  kIntervalNs,
  kScalarList,
  kNestedList,
  kStruct,
  kMap,
  kNull,
  kUuid,
  kJson,
  kUnion,
};

// What a column of this type holds, with dictionary, run-end and extension wrappers taken off (uuid
// and json extensions are families of their own).
const arrow::DataType& Unwrapped(const arrow::DataType& type);

// The family of a type, wrappers taken off. Every Arrow type has one.
TypeFamily FamilyOf(const arrow::DataType& type);

// The same with a column's name: uint64 `_block_num`, `block_num`, `block_number` are kBlockNumber.
TypeFamily FamilyOf(const arrow::Field& field);

// Precision and scale as SQL counts them: 0 <= scale <= precision.
struct DecimalShape {
  int precision = 0;
  int scale = 0;
};
DecimalShape SqlShape(const arrow::DecimalType& type);

}  // namespace ampload::encode
