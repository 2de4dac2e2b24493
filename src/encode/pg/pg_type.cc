#include "encode/pg/pg_type.h"

#include <arrow/extension/uuid.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ampload::encode::pg {
namespace {

constexpr uint32_t kBpcharOid = 1042;
constexpr uint32_t kVarcharOid = 1043;
constexpr int kTypmodHeader = 4;  // VARHDRSZ, which is in the typmod of text and numeric
constexpr int kMostSecondDigits = 6;

struct BuiltIn {
  PgKind kind;
  uint32_t oid;
  uint32_t array_oid;
};
// pg_type.dat
constexpr auto kBuiltIns = std::to_array<BuiltIn>({
    {PgKind::kBool, 16, 1000},          {PgKind::kBytea, 17, 1001},
    {PgKind::kText, 19, 1003},  // name
    {PgKind::kInt8, 20, 1016},          {PgKind::kInt2, 21, 1005},
    {PgKind::kInt4, 23, 1007},          {PgKind::kText, 25, 1009},
    {PgKind::kJson, 114, 199},          {PgKind::kFloat4, 700, 1021},
    {PgKind::kFloat8, 701, 1022},       {PgKind::kText, kBpcharOid, 1014},
    {PgKind::kText, kVarcharOid, 1015}, {PgKind::kDate, 1082, 1182},
    {PgKind::kTime, 1083, 1183},        {PgKind::kTimestamp, 1114, 1115},
    {PgKind::kTimestampTz, 1184, 1185}, {PgKind::kInterval, 1186, 1187},
    {PgKind::kNumeric, 1700, 1231},     {PgKind::kUuid, 2950, 2951},
    {PgKind::kJsonb, 3802, 3807},
});

std::shared_ptr<arrow::DataType> NumericOf(const PgType& type) {
  const auto precision = type.precision();
  if (!precision || *precision > arrow::Decimal256Type::kMaxPrecision) return arrow::utf8();
  if (*precision > arrow::Decimal128Type::kMaxPrecision) {
    return arrow::decimal256(*precision, type.scale());
  }
  return arrow::decimal128(*precision, type.scale());
}

}  // namespace

std::optional<int> PgType::max_characters() const {
  const bool counted = oid == kVarcharOid || oid == kBpcharOid;
  if (kind != PgKind::kText || !counted || typmod < kTypmodHeader) return std::nullopt;
  return typmod - kTypmodHeader;
}

std::optional<int> PgType::precision() const {
  if (kind != PgKind::kNumeric || typmod < kTypmodHeader) return std::nullopt;
  return ((typmod - kTypmodHeader) >> 16) & 0xffff;
}

int PgType::scale() const {
  if (!precision()) return 0;
  // Eleven bits with a sign; before PostgreSQL 15 there were no more than 1000, without one.
  return (((typmod - kTypmodHeader) & 0x7ff) ^ 1024) - 1024;
}

int PgType::second_digits() const {
  switch (kind) {
    case PgKind::kTime:
    case PgKind::kTimestamp:
    case PgKind::kTimestampTz:
      return typmod < 0 ? kMostSecondDigits : std::min(typmod, kMostSecondDigits);
    case PgKind::kInterval:  // the fields are in the upper half; 0xffff says nothing
      return typmod < 0 ? kMostSecondDigits : std::min(typmod & 0xffff, kMostSecondDigits);
    default:
      return kMostSecondDigits;
  }
}

PgType BuiltInType(uint32_t oid, int32_t typmod, std::string name) {
  for (const auto& type : kBuiltIns) {
    if (type.oid == oid) return {type.kind, oid, std::move(name), typmod, nullptr};
    if (type.array_oid == oid) {
      // A typmod of an array is its elements'.
      std::string element = name.ends_with("[]") ? name.substr(0, name.size() - 2) : name;
      return {PgKind::kArray, oid, std::move(name), typmod,
              std::make_shared<const PgType>(BuiltInType(type.oid, typmod, std::move(element)))};
    }
  }
  return {PgKind::kOther, oid, std::move(name), typmod, nullptr};
}

uint32_t ArrayOidOf(uint32_t element_oid) {
  const auto type = std::find_if(kBuiltIns.begin(), kBuiltIns.end(),
                                 [&](const auto& t) { return t.oid == element_oid; });
  return type == kBuiltIns.end() ? 0 : type->array_oid;
}

std::shared_ptr<arrow::DataType> ArrowTypeOf(const PgType& type) {
  switch (type.kind) {
    case PgKind::kBool:
      return arrow::boolean();
    case PgKind::kInt2:
      return arrow::int16();
    case PgKind::kInt4:
      return arrow::int32();
    case PgKind::kInt8:
      return arrow::int64();
    case PgKind::kFloat4:
      return arrow::float32();
    case PgKind::kFloat8:
      return arrow::float64();
    case PgKind::kNumeric:
      return NumericOf(type);
    case PgKind::kBytea:
      return arrow::binary();
    case PgKind::kDate:
      return arrow::date32();
    case PgKind::kTime:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case PgKind::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case PgKind::kTimestampTz:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case PgKind::kInterval:
      return arrow::month_day_nano_interval();
    case PgKind::kUuid:
      return arrow::extension::uuid();
    case PgKind::kArray:
      return arrow::list(ArrowTypeOf(*type.element));
    case PgKind::kText:
    case PgKind::kJson:
    case PgKind::kJsonb:
    case PgKind::kOther:
      break;
  }
  return arrow::utf8();
}

}  // namespace ampload::encode::pg
