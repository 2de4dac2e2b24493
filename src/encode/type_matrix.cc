// The columns are those of StoreFormat: postgresql, snowflake, delta, iceberg, msgpack, json, text,
// arrow_ipc.
#include "encode/type_matrix.h"

#include <algorithm>

#include "base/nearest_name.h"

namespace ampload::encode {
namespace {

constexpr MatrixCell E(std::string_view stored_as, std::string_view note = {}) {
  return {Fidelity::kExact, stored_as, {}, note};
}
constexpr MatrixCell D(std::string_view stored_as, std::string_view note) {
  return {Fidelity::kDeclared, stored_as, {}, note};
}
constexpr MatrixCell L(std::string_view stored_as, std::string_view loss) {
  return {Fidelity::kLossy, stored_as, loss, "exact where every value is whole microseconds", true};
}
constexpr MatrixCell kNoUnion = {
    Fidelity::kRefused, {}, {}, "a union has no type that a store could keep"};

constexpr std::string_view kRange = "a value of 2^63 or more is a bad row";
constexpr std::string_view kNanJson = "NaN, Infinity and -Infinity as strings";
constexpr std::string_view kNanText = "NaN, inf, -inf";
constexpr std::string_view kDigits = "plain digits: the store has at most 38";
constexpr std::string_view kNoNul = "a NUL is a bad row";
constexpr std::string_view kHex = "0x and hex digits";
constexpr std::string_view kHexOption = "0x and hex digits by option";
constexpr std::string_view kUnit = "the unit is in the column's metadata";
constexpr std::string_view kIso = "ISO 8601";
constexpr std::string_view kAsJsonb =
    "inner values as in JSON; a NUL, a key twice or a negative zero is a bad row";
constexpr std::string_view kPairs = "an array of pairs where the keys are no strings";
constexpr std::string_view kAlwaysNull = "always null";

// A lake's and a database's own names first, then what the value formats write.
// clang-format off
constexpr auto kMatrix = std::to_array<MatrixRow>({
    {TypeFamily::kBool, "bool",
     {{E("boolean"), E("BOOLEAN"), E("boolean"), E("boolean"),
       E("bool"), E("true, false"), E("true, false"), E("{arrow}")}}},
    {TypeFamily::kInt8, "int8",
     {{E("smallint"), E("NUMBER(38,0)"), E("byte"), E("int"),
       E("int"), E("number"), E("digits"), E("{arrow}")}}},
    {TypeFamily::kInt16, "int16",
     {{E("smallint"), E("NUMBER(38,0)"), E("short"), E("int"),
       E("int"), E("number"), E("digits"), E("{arrow}")}}},
    {TypeFamily::kInt32, "int32",
     {{E("integer"), E("NUMBER(38,0)"), E("integer"), E("int"),
       E("int"), E("number"), E("digits"), E("{arrow}")}}},
    {TypeFamily::kInt64, "int64",
     {{E("bigint"), E("NUMBER(38,0)"), E("long"), E("long"),
       E("int"), E("number"), E("digits"), E("{arrow}")}}},
    {TypeFamily::kUint8, "uint8",
     {{E("smallint"), E("NUMBER(38,0)"), E("short"), E("int"),
       E("int"), E("number"), E("digits"), E("{arrow}")}}},
    {TypeFamily::kUint16, "uint16",
     {{E("integer"), E("NUMBER(38,0)"), E("integer"), E("int"),
       E("int"), E("number"), E("digits"), E("{arrow}")}}},
    {TypeFamily::kUint32, "uint32",
     {{E("bigint"), E("NUMBER(38,0)"), E("long"), E("long"),
       E("int"), E("number"), E("digits"), E("{arrow}")}}},
    {TypeFamily::kUint64, "uint64",
     {{E("numeric(20,0)"), E("NUMBER(20,0)"), E("decimal(20,0)"), E("decimal(20,0)"),
       E("uint"), E("number"), E("digits"), E("{arrow}")}}},
    {TypeFamily::kBlockNumber, "uint64 named _block_num, block_num or block_number",
     {{E("bigint", kRange), E("NUMBER(20,0)"), E("long", kRange), E("long", kRange),
       E("uint"), E("number"), E("digits"), E("{arrow}")}}},
    {TypeFamily::kFloat16, "float16",
     {{E("real"), E("FLOAT"), E("float"), E("float"),
       E("float"), E("number", kNanJson), E("shortest digits", kNanText), E("{arrow}")}}},
    {TypeFamily::kFloat32, "float32",
     {{E("real"), E("FLOAT"), E("float"), E("float"),
       E("float"), E("number", kNanJson), E("shortest digits", kNanText), E("{arrow}")}}},
    {TypeFamily::kFloat64, "float64",
     {{E("double precision"), E("FLOAT"), E("double"), E("double"),
       E("float"), E("number", kNanJson), E("shortest digits", kNanText), E("{arrow}")}}},
    {TypeFamily::kDecimal, "decimal(p, s), p up to 38",
     {{E("numeric({p},{s})"), E("NUMBER({p},{s})"), E("decimal({p},{s})"), E("decimal({p},{s})"),
       E("str, plain digits"), E("string, plain digits"), E("plain digits"), E("{arrow}")}}},
    {TypeFamily::kWideDecimal, "decimal256(p, s), p over 38",
     {{E("numeric({p},{s})"), D("VARCHAR", kDigits), D("string", kDigits), D("string", kDigits),
       E("str, plain digits"), E("string, plain digits"), E("plain digits"), E("{arrow}")}}},
    {TypeFamily::kString, "string, large_string, string_view",
     {{E("text", kNoNul), E("VARCHAR"), E("string"), E("string"),
       E("str"), E("string"), E("the bytes"), E("{arrow}")}}},
    {TypeFamily::kBinary, "binary, large_binary, binary_view",
     {{E("bytea"), E("BINARY"), E("binary"), E("binary"),
       E("bin"), D("string", kHex), E("the bytes", kHexOption), E("{arrow}")}}},
    {TypeFamily::kFixedBinary, "fixed_size_binary(n)",
     {{E("bytea"), E("BINARY({n})"), E("binary"), E("fixed({n})"),
       E("bin"), D("string", kHex), E("the bytes", kHexOption), E("{arrow}")}}},
    {TypeFamily::kDate, "date32, date64",
     {{E("date"), E("DATE"), E("date"), E("date"),
       E("str YYYY-MM-DD"), E("string YYYY-MM-DD"), E("YYYY-MM-DD"), E("{arrow}")}}},
    {TypeFamily::kTime, "time32, time64 of s, ms, us",
     {{E("time"), E("TIME(9)"), D("long", kUnit), E("time"),
       E("str HH:MM:SS.ffffff"), E("string HH:MM:SS.ffffff"), E("HH:MM:SS.ffffff"), E("{arrow}")}}},
    {TypeFamily::kTimeNs, "time64 of ns",
     {{L("time", "time_ns_to_us"), E("TIME(9)"), D("long", kUnit), L("time", "time_ns_to_us"),
       E("str, 9 digits"), E("string, 9 digits"), E("9 digits"), E("{arrow}")}}},
    {TypeFamily::kTimestampZone, "timestamp of s, ms, us with a zone",
     {{E("timestamptz"), E("TIMESTAMP_TZ(9)"), E("timestamp"), E("timestamptz"),
       E("str, RFC 3339 with Z"), E("string, RFC 3339 with Z"), E("RFC 3339 with Z"), E("{arrow}")}}},
    {TypeFamily::kTimestamp, "timestamp of s, ms, us without a zone",
     {{E("timestamp"), E("TIMESTAMP_NTZ(9)"), E("timestamp_ntz"), E("timestamp"),
       E("str, RFC 3339 without Z"), E("string, RFC 3339 without Z"), E("RFC 3339 without Z"), E("{arrow}")}}},
    {TypeFamily::kTimestampNsZone, "timestamp of ns with a zone",
     {{L("timestamptz", "timestamp_ns_to_us"), E("TIMESTAMP_TZ(9)"), L("timestamp", "timestamp_ns_to_us"), L("timestamptz", "timestamp_ns_to_us"),
       E("str, 9 digits, with Z"), E("string, 9 digits, with Z"), E("9 digits, with Z"), E("{arrow}")}}},
    {TypeFamily::kTimestampNs, "timestamp of ns without a zone",
     {{L("timestamp", "timestamp_ns_to_us"), E("TIMESTAMP_NTZ(9)"), L("timestamp_ntz", "timestamp_ns_to_us"), L("timestamp", "timestamp_ns_to_us"),
       E("str, 9 digits"), E("string, 9 digits"), E("9 digits"), E("{arrow}")}}},
    {TypeFamily::kDuration, "duration of s, ms, us",
     {{E("interval"), D("NUMBER(38,0)", kUnit), D("long", kUnit), D("long", kUnit),
       E("str, ISO 8601"), E("string, ISO 8601"), E("ISO 8601"), E("{arrow}")}}},
    {TypeFamily::kDurationNs, "duration of ns",
     {{L("interval", "duration_ns_to_us"), D("NUMBER(38,0)", kUnit), D("long", kUnit), D("long", kUnit),
       E("str, ISO 8601"), E("string, ISO 8601"), E("ISO 8601"), E("{arrow}")}}},
    {TypeFamily::kInterval, "interval of months; of days and milliseconds",
     {{E("interval"), D("VARCHAR", kIso), D("string", kIso), D("string", kIso),
       E("str, ISO 8601"), E("string, ISO 8601"), E("ISO 8601"), E("{arrow}")}}},
    {TypeFamily::kIntervalNs, "interval of months, days and nanoseconds",
     {{L("interval", "duration_ns_to_us"), D("VARCHAR", kIso), D("string", kIso), D("string", kIso),
       E("str, ISO 8601"), E("string, ISO 8601"), E("ISO 8601"), E("{arrow}")}}},
    {TypeFamily::kScalarList, "list, large_list, list_view, fixed_size_list of scalars",
     {{E("{e}[]"), E("VARIANT"), E("array<{e}>"), E("list<{e}>"),
       E("array of {e}"), E("array of {e}"), E("JSON array of {e}"), E("{arrow}")}}},
    {TypeFamily::kNestedList, "list of lists, structs or maps",
     {{E("jsonb", kAsJsonb), E("VARIANT"), E("array<{e}>"), E("list<{e}>"),
       E("array of {e}"), E("array of {e}"), E("JSON array of {e}"), E("{arrow}")}}},
    {TypeFamily::kStruct, "struct",
     {{E("jsonb", kAsJsonb), E("VARIANT"), E("struct<{fields}>"), E("struct<{fields}>"),
       E("map of {fields}"), E("object of {fields}"), E("JSON object of {fields}"), E("{arrow}")}}},
    {TypeFamily::kMap, "map",
     {{E("jsonb", kAsJsonb), E("VARIANT"), E("map<{k}, {v}>"), E("map<{k}, {v}>"),
       E("map of {k} to {v}"), E("object of {k} to {v}", kPairs), E("JSON object of {k} to {v}", kPairs), E("{arrow}")}}},
    {TypeFamily::kNull, "null",
     {{E("text", kAlwaysNull), E("VARCHAR", kAlwaysNull), E("string", kAlwaysNull), E("string", kAlwaysNull),
       E("nil"), E("null"), E("left out"), E("{arrow}")}}},
    {TypeFamily::kUuid, "arrow.uuid",
     {{E("uuid"), E("BINARY(16)"), E("binary"), E("uuid"),
       E("bin"), D("string", kHex), E("the bytes", kHexOption), E("{arrow}")}}},
    {TypeFamily::kJson, "arrow.json",
     {{E("jsonb", kNoNul), E("VARCHAR"), E("string"), E("string"),
       E("str"), E("string"), E("the bytes"), E("{arrow}")}}},
    {TypeFamily::kUnion, "union",
     {{kNoUnion, kNoUnion, kNoUnion, kNoUnion, kNoUnion, kNoUnion, kNoUnion, kNoUnion}}},
});
// clang-format on

constexpr NamedLoss kLosses[] = {
    {"timestamp_ns_to_us", "timestamps lose what is finer than a microsecond"},
    {"time_ns_to_us", "times of day lose what is finer than a microsecond"},
    {"duration_ns_to_us", "durations and intervals lose what is finer than a microsecond"},
    {"eviction", "the store may remove rows when its memory is full: a stream into such a Redis"},
};

constexpr std::string_view kNames[kStoreFormats] = {
    "postgresql", "snowflake", "delta", "iceberg", "msgpack", "json", "text", "arrow_ipc"};

}  // namespace

std::string_view NameOf(StoreFormat format) { return kNames[static_cast<size_t>(format)]; }

std::span<const MatrixRow> TypeMatrix() { return kMatrix; }

const MatrixCell& CellOf(TypeFamily family, StoreFormat format) {
  const auto row = std::find_if(kMatrix.begin(), kMatrix.end(),
                                [&](const auto& r) { return r.family == family; });
  return row->cells[static_cast<size_t>(format)];
}

std::span<const NamedLoss> NamedLosses() { return kLosses; }

Status CheckLossNames(const std::vector<std::string>& allow) {
  std::vector<std::string> names;
  for (const auto& loss : kLosses) names.emplace_back(loss.name);
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  for (const auto& name : allow) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const auto nearest = base::NearestName(name, names);
    return ConfigurationError("--allow knows no such loss" +
                              (nearest.has_value() ? ", did you mean " + *nearest + "?" : "") +
                              "; it takes " + all + ": allow=" + name);
  }
  return Status::OK();
}

TypeTable TableOf(StoreFormat format) {
  TypeTable table;
  table.format = NameOf(format);
  for (const auto& row : kMatrix) {
    const auto& cell = row.cells[static_cast<size_t>(format)];
    table.rules.push_back({std::string(row.arrow), std::string(cell.stored_as), cell.fidelity,
                           std::string(cell.loss), std::string(cell.note)});
  }
  return table;
}

}  // namespace ampload::encode
