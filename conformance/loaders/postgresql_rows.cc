#include "conformance/loaders/postgresql_rows.h"

#include <arrow/builder.h>
#include <arrow/compute/api.h>

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace ampload::conformance {
namespace {

// Source: PostgreSQL, src/include/catalog/pg_type.dat.
enum TypeOid : uint32_t {
  kBool = 16,
  kBytea = 17,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kFloat4 = 700,
  kFloat8 = 701,
  kDate = 1082,
  kTime = 1083,
  kTimestamp = 1114,
  kTimestampTz = 1184,
  kInterval = 1186,
  kNumeric = 1700,
  kUuid = 2950,
};
constexpr int64_t kDaysTo2000 = 10957;  // from 1970
constexpr int64_t kMicrosecondsTo2000 = kDaysTo2000 * 86'400'000'000;
constexpr int kTypmodBase = 4;  // VARHDRSZ, which numeric's typmod has on top

std::string Quoted(const std::string& name) {
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

struct Column {
  std::string name;
  uint32_t type = 0;     // as it is asked for
  uint32_t element = 0;  // of an array; 0: none
  int precision = 0;     // of a numeric; 0: none
  int scale = 0;
  std::string expression;
};

std::shared_ptr<arrow::DataType> ScalarType(uint32_t type) {
  using arrow::TimeUnit;
  switch (type) {
    case kBool:
      return arrow::boolean();
    case kBytea:
      return arrow::binary();
    case kInt8:
      return arrow::int64();
    case kInt2:
      return arrow::int16();
    case kInt4:
      return arrow::int32();
    case kFloat4:
      return arrow::float32();
    case kFloat8:
      return arrow::float64();
    case kDate:
      return arrow::date32();
    case kTime:
      return arrow::time64(TimeUnit::MICRO);
    case kTimestamp:
      return arrow::timestamp(TimeUnit::MICRO);
    case kTimestampTz:
      return arrow::timestamp(TimeUnit::MICRO, "UTC");
    case kInterval:
      return arrow::month_day_nano_interval();
    case kUuid:
      return arrow::fixed_size_binary(16);
    default:
      return nullptr;  // asked for as text
  }
}

// A number in network order; moves past it.
template <class T>
Result<T> Take(std::string_view* bytes) {
  if (bytes->size() < sizeof(T)) return DataError("a value of the server's is too short");
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value = value << 8 | static_cast<unsigned char>((*bytes)[i]);
  }
  bytes->remove_prefix(sizeof(T));
  return static_cast<T>(value);
}

template <class Builder, class T>
Status AppendTo(arrow::ArrayBuilder* builder, Result<T> value, int64_t plus = 0) {
  ARROW_RETURN_NOT_OK(value.status());
  using Value = typename Builder::value_type;
  return static_cast<Builder*>(builder)->Append(static_cast<Value>(*value + plus));
}

Status AppendInterval(arrow::ArrayBuilder* builder, std::string_view bytes) {
  ARROW_ASSIGN_OR_RAISE(const auto microseconds, Take<int64_t>(&bytes));
  ARROW_ASSIGN_OR_RAISE(const auto days, Take<int32_t>(&bytes));
  ARROW_ASSIGN_OR_RAISE(const auto months, Take<int32_t>(&bytes));
  int64_t nanoseconds = 0;
  if (__builtin_mul_overflow(microseconds, int64_t{1000}, &nanoseconds)) {
    return DataError("an interval is too long for nanoseconds");
  }
  return static_cast<arrow::MonthDayNanoIntervalBuilder*>(builder)->Append(
      {months, days, nanoseconds});
}

Status AppendScalar(arrow::ArrayBuilder* builder, uint32_t type, std::string_view bytes) {
  switch (type) {
    case kBool:
      return static_cast<arrow::BooleanBuilder*>(builder)->Append(bytes == "\1");
    case kInt2:
      return AppendTo<arrow::Int16Builder>(builder, Take<int16_t>(&bytes));
    case kInt4:
      return AppendTo<arrow::Int32Builder>(builder, Take<int32_t>(&bytes));
    case kInt8:
      return AppendTo<arrow::Int64Builder>(builder, Take<int64_t>(&bytes));
    case kFloat4: {
      ARROW_ASSIGN_OR_RAISE(const auto bits, Take<uint32_t>(&bytes));
      return static_cast<arrow::FloatBuilder*>(builder)->Append(std::bit_cast<float>(bits));
    }
    case kFloat8: {
      ARROW_ASSIGN_OR_RAISE(const auto bits, Take<uint64_t>(&bytes));
      return static_cast<arrow::DoubleBuilder*>(builder)->Append(std::bit_cast<double>(bits));
    }
    case kDate:
      return AppendTo<arrow::Date32Builder>(builder, Take<int32_t>(&bytes), kDaysTo2000);
    case kTime:
      return AppendTo<arrow::Time64Builder>(builder, Take<int64_t>(&bytes));
    case kTimestamp:
    case kTimestampTz:
      return AppendTo<arrow::TimestampBuilder>(builder, Take<int64_t>(&bytes), kMicrosecondsTo2000);
    case kInterval:
      return AppendInterval(builder, bytes);
    case kUuid:
      return static_cast<arrow::FixedSizeBinaryBuilder*>(builder)->Append(bytes.data());
    case kBytea:
      return static_cast<arrow::BinaryBuilder*>(builder)->Append(bytes);
    default:
      return static_cast<arrow::StringBuilder*>(builder)->Append(bytes);
  }
}

// Source: array_send: dimensions, has-nulls, the elements' type; a length and a lower bound for
// each dimension; the elements, each with its length.
Status AppendArray(arrow::ListBuilder* builder, uint32_t element, std::string_view bytes) {
  ARROW_ASSIGN_OR_RAISE(const auto dimensions, Take<int32_t>(&bytes));
  if (dimensions > 1) return DataError("an array has more than one dimension");
  ARROW_RETURN_NOT_OK(builder->Append());
  if (dimensions == 0) return Status::OK();
  ARROW_RETURN_NOT_OK(Take<int32_t>(&bytes).status());
  ARROW_RETURN_NOT_OK(Take<uint32_t>(&bytes).status());
  ARROW_ASSIGN_OR_RAISE(const auto length, Take<int32_t>(&bytes));
  ARROW_ASSIGN_OR_RAISE(const auto lower_bound, Take<int32_t>(&bytes));
  if (lower_bound != 1) return DataError("an array does not begin at 1");
  for (int32_t i = 0; i < length; ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto size, Take<int32_t>(&bytes));
    if (size < 0) {
      ARROW_RETURN_NOT_OK(builder->value_builder()->AppendNull());
      continue;
    }
    ARROW_RETURN_NOT_OK(AppendScalar(builder->value_builder(), element,
                                     bytes.substr(0, static_cast<size_t>(size))));
    bytes.remove_prefix(static_cast<size_t>(size));
  }
  return Status::OK();
}

std::shared_ptr<arrow::DataType> TypeOf(const Column& column) {
  const auto scalar = ScalarType(column.element != 0 ? column.element : column.type);
  const auto type = scalar != nullptr ? scalar : arrow::utf8();
  return column.element != 0 ? arrow::list(type) : type;
}

Result<std::vector<Column>> DescribeColumns(PGconn* connection, const std::string& schema,
                                            const std::string& table) {
  // A domain's values are its base type's.
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      AskServer(connection,
                "SELECT a.attname, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END, "
                "a.atttypmod, CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END "
                "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
                "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                "JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "
                "WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped "
                "ORDER BY a.attnum",
                {schema, table}));
  std::vector<Column> columns;
  for (int row = 0; row < PQntuples(rows.get()); ++row) {
    const auto number = [&](int at) { return std::atoll(PQgetvalue(rows.get(), row, at)); };
    Column column;
    column.name = PQgetvalue(rows.get(), row, 0);
    column.type = static_cast<uint32_t>(number(1));
    column.element = static_cast<uint32_t>(number(3));
    const bool is_array = column.element != 0;
    const auto asked = ScalarType(is_array ? column.element : column.type);
    const auto typmod = static_cast<int>(number(2));
    if (column.type == kNumeric && typmod >= kTypmodBase) {
      column.precision = (typmod - kTypmodBase) >> 16 & 0xffff;
      column.scale = (typmod - kTypmodBase) & 0xffff;
    }
    column.expression = Quoted(column.name);
    if (asked == nullptr) column.expression += is_array ? "::text[]" : "::text";
    columns.push_back(std::move(column));
  }
  return columns;
}

Result<std::shared_ptr<arrow::Array>> ReadColumn(const PGresult* rows, int at,
                                                 const Column& column) {
  ARROW_ASSIGN_OR_RAISE(const auto builder, arrow::MakeBuilder(TypeOf(column)));
  for (int row = 0; row < PQntuples(rows); ++row) {
    if (PQgetisnull(rows, row, at) != 0) {
      ARROW_RETURN_NOT_OK(builder->AppendNull());
      continue;
    }
    const std::string_view bytes(PQgetvalue(rows, row, at),
                                 static_cast<size_t>(PQgetlength(rows, row, at)));
    ARROW_RETURN_NOT_OK(
        column.element != 0
            ? AppendArray(static_cast<arrow::ListBuilder*>(builder.get()), column.element, bytes)
            : AppendScalar(builder.get(), column.type, bytes));
  }
  ARROW_ASSIGN_OR_RAISE(auto values, builder->Finish());
  if (column.precision == 0 || column.precision > arrow::Decimal256Type::kMaxPrecision) {
    return values;
  }
  const auto decimal = column.precision <= arrow::Decimal128Type::kMaxPrecision
                           ? arrow::decimal128(column.precision, column.scale)
                           : arrow::decimal256(column.precision, column.scale);
  return arrow::compute::Cast(*values, decimal);
}

}  // namespace

Result<PgConnection> ConnectTo(const std::map<std::string, std::string>& keywords) {
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : keywords) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  PgConnection connection(PQconnectdbParams(names.data(), values.data(), 1), PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return TransientError("the tests cannot connect: " +
                          std::string(PQerrorMessage(connection.get())));
  }
  PQsetNoticeProcessor(
      connection.get(), [](void*, const char*) {}, nullptr);
  return connection;
}

Result<PgRows> AskServer(PGconn* connection, const std::string& sql,
                         const std::vector<std::string>& parameters) {
  std::vector<const char*> values;
  for (const auto& parameter : parameters) values.push_back(parameter.c_str());
  PgRows rows(PQexecParams(connection, sql.c_str(), static_cast<int>(values.size()), nullptr,
                           values.data(), nullptr, nullptr, /*resultFormat=*/0),
              PQclear);
  const auto status = PQresultStatus(rows.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return rows;
  return PermanentError("the tests' own question was refused: " +
                        std::string(PQerrorMessage(connection)) + ": sql=" + sql);
}

Result<std::vector<std::string>> ColumnsOfTable(PGconn* connection, const std::string& schema,
                                                const std::string& table) {
  ARROW_ASSIGN_OR_RAISE(const auto columns, DescribeColumns(connection, schema, table));
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.name);
  return names;
}

Result<std::shared_ptr<arrow::Table>> ReadTableRows(PGconn* connection, const std::string& schema,
                                                    const std::string& table) {
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  ARROW_ASSIGN_OR_RAISE(const auto columns, DescribeColumns(connection, schema, table));
  if (columns.empty()) return DataError("there is no such table: " + schema + "." + table);
  std::string sql = "SELECT ";
  for (const auto& column : columns) {
    sql += (&column == columns.data() ? "" : ", ") + column.expression;
  }
  sql += " FROM " + Quoted(schema) + "." + Quoted(table);
  const PgRows rows(PQexecParams(connection, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1),
                    PQclear);
  if (PQresultStatus(rows.get()) != PGRES_TUPLES_OK) {
    return PermanentError("the table cannot be read: " + std::string(PQerrorMessage(connection)));
  }
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < columns.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(arrays.emplace_back(),
                          ReadColumn(rows.get(), static_cast<int>(i), columns[i]));
    fields.push_back(arrow::field(columns[i].name, arrays.back()->type()));
  }
  return arrow::Table::Make(arrow::schema(fields), arrays, PQntuples(rows.get()));
}

}  // namespace ampload::conformance
