#include "loaders/postgresql/table_reader.h"

#include <arrow/builder.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hex.h"
#include "encode/decoded_type.h"
#include "loaders/postgresql/value_parser.h"

namespace ampload::postgresql {
namespace {

using encode::pg::PgKind;
using encode::pg::PgType;

struct ReadColumn {
  const TableColumn* column;
  std::shared_ptr<arrow::DataType> type;
  bool as_text = false;  // the server's own text
};

std::string_view SendFunction(PgKind kind) {
  switch (kind) {
    case PgKind::kBool:
      return "boolsend";
    case PgKind::kInt2:
      return "int2send";
    case PgKind::kInt4:
      return "int4send";
    case PgKind::kInt8:
      return "int8send";
    case PgKind::kFloat4:
      return "float4send";
    case PgKind::kFloat8:
      return "float8send";
    case PgKind::kDate:
      return "date_send";
    case PgKind::kTime:
      return "time_send";
    case PgKind::kTimestamp:
      return "timestamp_send";
    case PgKind::kTimestampTz:
      return "timestamptz_send";
    case PgKind::kInterval:
      return "interval_send";
    case PgKind::kUuid:
      return "uuid_send";
    default:
      return "byteasend";
  }
}

bool IsDay(PgKind kind) {
  return kind == PgKind::kDate || kind == PgKind::kTimestamp || kind == PgKind::kTimestampTz;
}

std::string InHex(std::string_view function, const std::string& argument) {
  std::string text = "pg_catalog.encode(pg_catalog.";
  text += function;
  text += "(" + argument;
  return text += "), 'hex')";
}

// What is selected so that AppendValue understands it, apart from the hex.
std::string Expression(const ReadColumn& read) {
  const PgType& type = read.column->type;
  const std::string name = "t." + Quoted(read.column->name);
  constexpr uint32_t kPaddedText = 1042;  // char(n): a cast to text would take its blanks off
  if (type.kind == PgKind::kText && type.oid == kPaddedText) {
    return "CASE WHEN " + name + " IS NOT NULL THEN pg_catalog.concat(" + name + ", '') END";
  }
  if (read.as_text && IsDay(type.kind)) {  // ISO 8601, whatever DateStyle says
    return "pg_catalog.to_json(" + name + ") OPERATOR(pg_catalog.#>>) '{}'::pg_catalog.text[]";
  }
  if (read.as_text || IsReadAsText(type)) return name + "::pg_catalog.text";
  if (type.kind != PgKind::kArray) return InHex(SendFunction(type.kind), name);
  // The others' binary form is their text already.
  const bool needs_cast =
      type.element->kind == PgKind::kNumeric || type.element->kind == PgKind::kJsonb;
  return InHex("array_send", needs_cast ? name + "::pg_catalog.text[]" : name);
}

// The column; nullopt: one of its values is none of the Arrow type.
Result<std::optional<std::shared_ptr<arrow::Array>>> ParseColumn(const QueryRows& rows, int place,
                                                                 const ReadColumn& read) {
  const bool text = read.as_text || IsReadAsText(read.column->type);
  std::unique_ptr<arrow::ArrayBuilder> builder;
  ARROW_RETURN_NOT_OK(
      arrow::MakeBuilder(arrow::default_memory_pool(), encode::StorageType(read.type), &builder));
  ARROW_RETURN_NOT_OK(builder->Reserve(rows.size()));
  static const auto* plain_text = new PgType(encode::pg::BuiltInType(25, -1, "text"));
  const PgType& type = read.as_text ? *plain_text : read.column->type;
  for (int row = 0; row < rows.size(); ++row) {
    if (rows.is_null(row, place)) {
      ARROW_RETURN_NOT_OK(builder->AppendNull());
      continue;
    }
    std::string bytes(rows.text(row, place));
    if (!text) {
      ARROW_ASSIGN_OR_RAISE(bytes, base::FromHex(bytes));
    }
    ARROW_ASSIGN_OR_RAISE(const bool fits, AppendValue(type, bytes, builder.get()));
    if (!fits) return std::nullopt;
  }
  ARROW_ASSIGN_OR_RAISE(const auto built, builder->Finish());
  const auto data = built->data()->Copy();
  encode::SetType(*data, read.type);
  return std::optional(arrow::MakeArray(data));
}

std::string SelectStatement(const TableName& name, const std::vector<ReadColumn>& columns,
                            int64_t limit) {
  std::string list;
  for (const auto& column : columns) list += (list.empty() ? "" : ", ") + Expression(column);
  return "SELECT " + list + " FROM " + name.sql() + " AS t LIMIT " + std::to_string(limit);
}

}  // namespace

Result<std::shared_ptr<arrow::Table>> ReadTableRows(Connection& connection, const PgTable& table,
                                                    int64_t limit, const CallContext& context) {
  std::vector<ReadColumn> columns;
  for (const auto& column : table.columns) {
    columns.push_back({&column, encode::pg::ArrowTypeOf(column.type)});
  }
  // Rows may have come between two tries; each makes one more column a text, so there is an end.
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto rows,
                          connection.Query(SelectStatement(table.name, columns, limit), context));
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    bool all_fit = true;
    for (size_t i = 0; i < columns.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(auto array, ParseColumn(rows, static_cast<int>(i), columns[i]));
      if (!array.has_value()) {
        columns[i].as_text = true;
        columns[i].type = arrow::utf8();
        all_fit = false;
        continue;
      }
      fields.push_back(
          arrow::field(columns[i].column->name, columns[i].type, !columns[i].column->not_null));
      arrays.push_back(std::move(*array));
    }
    if (all_fit) {
      return arrow::Table::Make(arrow::schema(std::move(fields)), arrays, rows.size());
    }
  }
}

}  // namespace ampload::postgresql
