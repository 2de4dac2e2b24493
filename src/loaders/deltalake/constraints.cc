#include "loaders/deltalake/constraints.h"

#include <arrow/array.h>
#include <arrow/compute/exec.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/arrow_compute.h"
#include "loaders/deltalake/field_metadata.h"
#include "loaders/deltalake/sql_condition.h"
#include "loaders/deltalake/table_schema.h"

namespace ampload::deltalake {
namespace {

constexpr std::string_view kPrefix = "delta.constraints.";
constexpr char kInvariants[] = "delta.invariants";
constexpr size_t kLongestValue = 100;

// {"expression":{"expression":"x > 3"}}
Result<std::string> SqlOfInvariant(const nlohmann::ordered_json& kept) {
  const auto json = kept.is_string()
                        ? nlohmann::json::parse(kept.get<std::string>(), nullptr, false)
                        : nlohmann::json();
  if (json.is_object() && json.contains("expression") && json["expression"].is_object() &&
      json["expression"].contains("expression")) {
    const auto& sql = json["expression"]["expression"];
    if (sql.is_string()) return sql.get<std::string>();
  }
  return ConfigurationError("no {\"expression\":{\"expression\":...}}");
}

void Take(std::string words, const Result<std::string>& sql, const arrow::Schema& table,
          Constraints* into) {
  auto made = sql.ok() ? Constraint::Make(words, *sql, table) : Result<Constraint>(sql.status());
  if (made.ok()) return into->known.push_back(*std::move(made));
  into->unknown.push_back(std::move(words) + (sql.ok() ? " (" + *sql + ")" : "") + ": " +
                          MessageOf(made.status()));
}

// Invariants of fields within columns: their conditions name the fields by paths.
void FindWithin(const arrow::DataType& type, const std::string& path, Constraints* into) {
  for (const auto& field : type.fields()) {
    const std::string name = path + "." + field->name();
    if (DeltaMetadataOf(*field).contains(kInvariants)) {
      into->unknown.push_back("an invariant of a field within a column: " + name);
    }
    FindWithin(*field->type(), name, into);
  }
}

Result<std::string> ValueText(const arrow::RecordBatch& rows, const std::string& name,
                              int64_t row) {
  const auto column = rows.GetColumnByName(name);
  if (column == nullptr) return std::string("null, as the rows lack it");
  ARROW_ASSIGN_OR_RAISE(const auto value, column->GetScalar(row));
  std::string text = value->ToString();
  if (text.size() <= kLongestValue) return text;
  size_t shown = kLongestValue;
  while (shown > 0 && (static_cast<unsigned char>(text[shown]) & 0xC0) == 0x80) --shown;
  return text.substr(0, shown) + "...";
}

}  // namespace

Result<Constraint> Constraint::Make(std::string words, std::string sql,
                                    const arrow::Schema& table) {
  ARROW_RETURN_NOT_OK(base::InitializeArrowCompute());
  ARROW_ASSIGN_OR_RAISE(const auto condition, ReadSqlCondition(sql, table));
  const auto named = arrow::compute::FieldsInExpression(condition);
  arrow::FieldVector columns;
  for (const auto& field : table.fields()) {
    const auto is_it = [&](const arrow::FieldRef& ref) { return *ref.name() == field->name(); };
    if (std::any_of(named.begin(), named.end(), is_it)) {
      columns.push_back(arrow::field(field->name(), field->type()));
    }
  }
  auto schema = arrow::schema(std::move(columns));
  auto bound = condition.Bind(*schema);
  if (!bound.ok()) return ConfigurationError(MessageOf(bound.status()));
  return Constraint(std::move(words), std::move(sql), std::move(schema), *std::move(bound));
}

Status Constraint::Check(const arrow::RecordBatch& rows) const {
  if (rows.num_rows() == 0) return Status::OK();
  std::vector<arrow::Datum> columns;
  for (const auto& field : columns_->fields()) {
    const auto column = rows.GetColumnByName(field->name());
    columns.emplace_back(column != nullptr ? arrow::Datum(column)
                                           : arrow::Datum(arrow::MakeNullScalar(field->type())));
  }
  const arrow::compute::ExecBatch batch(std::move(columns), rows.num_rows());
  ARROW_ASSIGN_OR_RAISE(auto kept, arrow::compute::ExecuteScalarExpression(condition_, batch));
  if (kept.is_scalar()) {
    ARROW_ASSIGN_OR_RAISE(kept, arrow::MakeArrayFromScalar(*kept.scalar(), rows.num_rows()));
  }
  const auto array = kept.make_array();
  const auto& is_kept = static_cast<const arrow::BooleanArray&>(*array);
  if (is_kept.true_count() == rows.num_rows()) return Status::OK();
  int64_t row = 0;
  while (is_kept.IsValid(row) && is_kept.Value(row)) ++row;
  std::string values;
  for (const auto& field : columns_->fields()) {
    ARROW_ASSIGN_OR_RAISE(const auto value, ValueText(rows, field->name(), row));
    values += " " + field->name() + "=" + value;
  }
  return BadRowError(row, "the row breaks " + words_ + ", which is " +
                              (is_kept.IsNull(row) ? "null" : "false") +
                              " for it: expression=" + sql_ + values);
}

Result<Constraints> ConstraintsOf(const Metadata& metadata) {
  Constraints out;
  const bool has_any = metadata.schema_string.find(kInvariants) != std::string::npos ||
                       std::any_of(metadata.configuration.begin(), metadata.configuration.end(),
                                   [](const auto& one) { return one.first.starts_with(kPrefix); });
  if (!has_any) return out;
  ARROW_ASSIGN_OR_RAISE(const auto table, SchemaFromJson(metadata.schema_string, "metaData"));
  for (const auto& field : table->fields()) {
    const auto kept = DeltaMetadataOf(*field);
    if (kept.contains(kInvariants)) {
      Take("the invariant of " + field->name(), SqlOfInvariant(kept[kInvariants]), *table, &out);
    }
    FindWithin(*field->type(), field->name(), &out);
  }
  for (const auto& [key, sql] : metadata.configuration) {
    if (!key.starts_with(kPrefix)) continue;
    Take("the CHECK constraint " + key.substr(kPrefix.size()), sql, *table, &out);
  }
  return out;
}

}  // namespace ampload::deltalake
