// PostgreSQL's types, as far as binary COPY must know them. Pure.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "ampload/status.h"

namespace ampload::encode::pg {

enum class PgKind {
  kBool,
  kInt2,
  kInt4,
  kInt8,
  kFloat4,
  kFloat8,
  kNumeric,
  kText,  // text, varchar, char, citext, name, enums: sent as text
  kBytea,
  kDate,
  kTime,
  kTimestamp,
  kTimestampTz,
  kInterval,
  kUuid,
  kJson,
  kJsonb,
  kArray,
  kOther,  // nothing can be loaded into it
};

// A column's type. A value; `element` is shared and never changed.
struct PgType {
  PgKind kind = PgKind::kOther;
  uint32_t oid = 0;     // of the type itself, a domain's base type
  std::string name;     // as format_type() prints it: "numeric(20,0)", "character varying(10)"
  int32_t typmod = -1;  // pg_attribute.atttypmod; -1: none
  std::shared_ptr<const PgType> element;  // kArray

  // What typmod means. nullopt: no bound.
  std::optional<int> max_characters() const;  // kText: varchar(n), char(n)
  std::optional<int> precision() const;       // kNumeric
  int scale() const;                          // kNumeric with a precision
  // Digits behind the second that a time, timestamp or interval keeps: 6 where nothing is said.
  int second_digits() const;
};

struct PgColumn {
  std::string name;
  PgType type;
  bool not_null = false;
};

// The type of a column that a new table gets for these values: the type matrix's column
// "postgresql". A data error where there is none (a union).
Result<PgType> TypeForNewColumn(const arrow::Field& field);

// The type of `oid` and `typmod` for the built-in types, with `name` as printed; kOther for the
// rest. For an array type `element` is filled.
PgType BuiltInType(uint32_t oid, int32_t typmod, std::string name);

// The array type of a built-in type; 0 where it is none.
uint32_t ArrayOidOf(uint32_t element_oid);

// What a column of this type is to a reader: int2 is int16, numeric(p, s) a decimal where p <= 76,
// an unbounded numeric and what is kOther utf8, bytea binary, uuid arrow.uuid, jsonb and json utf8.
std::shared_ptr<arrow::DataType> ArrowTypeOf(const PgType& type);

}  // namespace ampload::encode::pg
