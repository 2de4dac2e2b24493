// The type matrix's column "postgresql", as types.
#include <arrow/type.h>

#include <string>
#include <utility>

#include "encode/pg/pg_type.h"
#include "encode/type_family.h"
#include "encode/type_matrix.h"

namespace ampload::encode::pg {
namespace {

constexpr int kMostDigits = 1000;  // of a numeric with a precision

PgType Simple(uint32_t oid, std::string name) { return BuiltInType(oid, -1, std::move(name)); }

Result<PgType> Numeric(int precision, int scale) {
  if (precision > kMostDigits) {
    return DataError("a numeric has at most 1000 digits: precision=" + std::to_string(precision));
  }
  const int32_t typmod = ((precision << 16) | scale) + 4;
  return BuiltInType(1700, typmod,
                     "numeric(" + std::to_string(precision) + "," + std::to_string(scale) + ")");
}

Result<PgType> TypeFor(const arrow::DataType& outer, TypeFamily family) {
  const auto& type = Unwrapped(outer);
  switch (family) {
    case TypeFamily::kBool:
      return Simple(16, "boolean");
    case TypeFamily::kInt8:
    case TypeFamily::kInt16:
    case TypeFamily::kUint8:
      return Simple(21, "smallint");
    case TypeFamily::kInt32:
    case TypeFamily::kUint16:
      return Simple(23, "integer");
    case TypeFamily::kInt64:
    case TypeFamily::kUint32:
    case TypeFamily::kBlockNumber:
      return Simple(20, "bigint");
    case TypeFamily::kUint64:
      return Numeric(20, 0);
    case TypeFamily::kFloat16:
    case TypeFamily::kFloat32:
      return Simple(700, "real");
    case TypeFamily::kFloat64:
      return Simple(701, "double precision");
    case TypeFamily::kDecimal:
    case TypeFamily::kWideDecimal: {
      const auto shape = SqlShape(static_cast<const arrow::DecimalType&>(type));
      return Numeric(shape.precision, shape.scale);
    }
    case TypeFamily::kString:
    case TypeFamily::kNull:
      return Simple(25, "text");
    case TypeFamily::kBinary:
    case TypeFamily::kFixedBinary:
      return Simple(17, "bytea");
    case TypeFamily::kDate:
      return Simple(1082, "date");
    case TypeFamily::kTime:
    case TypeFamily::kTimeNs:
      return Simple(1083, "time without time zone");
    case TypeFamily::kTimestampZone:
    case TypeFamily::kTimestampNsZone:
      return Simple(1184, "timestamp with time zone");
    case TypeFamily::kTimestamp:
    case TypeFamily::kTimestampNs:
      return Simple(1114, "timestamp without time zone");
    case TypeFamily::kDuration:
    case TypeFamily::kDurationNs:
    case TypeFamily::kInterval:
    case TypeFamily::kIntervalNs:
      return Simple(1186, "interval");
    case TypeFamily::kScalarList: {
      const auto& item = *type.field(0)->type();
      ARROW_ASSIGN_OR_RAISE(const PgType element, TypeFor(item, FamilyOf(item)));
      return BuiltInType(ArrayOidOf(element.oid), element.typmod, element.name + "[]");
    }
    case TypeFamily::kNestedList:
    case TypeFamily::kStruct:
    case TypeFamily::kMap:
    case TypeFamily::kJson:
      return Simple(3802, "jsonb");
    case TypeFamily::kUuid:
      return Simple(2950, "uuid");
    case TypeFamily::kUnion:
      break;
  }
  return DataError("no type of PostgreSQL's holds it: type=" + outer.ToString());
}

}  // namespace

Result<PgType> TypeForNewColumn(const arrow::Field& field) {
  // A union anywhere within it.
  const arrow::Schema alone({field.Copy()});
  ARROW_RETURN_NOT_OK(
      WithContext(CheckPlan(PlanColumns(alone, StoreFormat::kPostgreSQL), {}), "postgresql"));
  auto type = TypeFor(*field.type(), FamilyOf(field));
  if (type.ok()) return type;
  return DataError("postgresql: column cannot be stored, leave it out with --exclude " +
                   field.name() + ": " + MessageOf(type.status()) + " column=" + field.name());
}

}  // namespace ampload::encode::pg
