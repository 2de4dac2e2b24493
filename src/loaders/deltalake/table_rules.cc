#include "loaders/deltalake/table_rules.h"

#include <algorithm>
#include <utility>

#include "encode/lake_form.h"
#include "encode/type_matrix.h"
#include "loader/row_op.h"
#include "loaders/deltalake/features.h"
#include "loaders/deltalake/new_table.h"
#include "loaders/deltalake/schema_fit.h"

namespace ampload::deltalake {
namespace {

using encode::StoreFormat;

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Status CheckSpec(const TableSpec& spec) {
  if (!spec.keys.empty()) {
    return ConfigurationError(
        "deltalake: rows that are added have no key; leave --key out: table=" + spec.name);
  }
  return Status::OK();
}

// The rows' columns as Delta's types.
Result<std::shared_ptr<arrow::Schema>> LakeColumns(const TableSpec& spec) {
  ARROW_ASSIGN_OR_RAISE(const auto rows, StoredSchema(spec));
  if (rows->num_fields() == 0) {
    return DataError("deltalake: the rows have no columns: table=" + spec.name);
  }
  ARROW_RETURN_NOT_OK(WithContext(
      encode::CheckPlan(encode::PlanColumns(*rows, StoreFormat::kDelta), spec.allow), "deltalake"));
  ARROW_ASSIGN_OR_RAISE(auto columns, encode::LakeSchema(*rows, StoreFormat::kDelta));
  ARROW_RETURN_NOT_OK(CheckCase(*columns, "table=" + spec.name));
  return columns;
}

WriteIntent IntentOf(const TableSpec& spec, bool changes_schema) {
  WriteIntent intent;
  intent.removes_rows = ReplacesRows(spec) || spec.undo_only;
  intent.streams = spec.streaming;
  intent.adds_rows = !spec.undo_only;
  intent.changes_schema = changes_schema;
  return intent;
}

// Of the table's columns those that the rows have, and those that files lie by.
std::shared_ptr<arrow::Schema> StoredColumns(const arrow::Schema& table, const arrow::Schema& rows,
                                             const std::vector<std::string>& partition_columns) {
  arrow::FieldVector fields;
  for (const auto& field : table.fields()) {
    if (rows.GetFieldIndex(field->name()) < 0 && !Contains(partition_columns, field->name())) {
      continue;
    }
    fields.push_back(field);
  }
  return arrow::schema(std::move(fields));
}

TableRules Unchanged(const Snapshot& table) {
  TableRules rules;
  rules.stored = table.schema;
  rules.table = table.schema;
  rules.partition_columns = table.metadata.partition_columns;
  rules.mapping = table.mapping;
  return rules;
}

Status CheckPartitioning(const DeltaLakeStorageConfig& config, const Snapshot& table,
                         const std::string& where) {
  const auto wanted = config.partition_columns();
  if (wanted.empty() || wanted == table.metadata.partition_columns) return Status::OK();
  std::string own;
  for (const auto& name : table.metadata.partition_columns) own += (own.empty() ? "" : ",") + name;
  return ConfigurationError(
      "deltalake: partition_by is not how the table is partitioned; leave it out, or load into "
      "another table: " +
      where + " partition_by=" + config.partition_by + " table's=" + (own.empty() ? "none" : own));
}

// A file has at least one column, which a table's rows must have, too.
Status CheckSomethingIsStored(const TableRules& rules, const std::string& where) {
  if (std::cmp_greater(rules.stored->num_fields(), rules.partition_columns.size())) {
    return Status::OK();
  }
  return DataError(
      "deltalake: the rows have no column but those that the table is partitioned by: " + where);
}

struct Change {
  TableDefinition table;
  std::string words;  // empty: none
};

Result<Change> ChangeFor(const TableSpec& spec, const arrow::Schema& rows, const Snapshot& table,
                         bool table_is_empty, const std::string& where) {
  const bool replacing = ReplacesRows(spec);
  const auto fit = FitSchema(spec, rows, table, table_is_empty || replacing);
  Change change;
  if (fit.ok()) {
    change.words = fit->words;
    if (change.words.empty()) return change;
    ARROW_ASSIGN_OR_RAISE(change.table, ChangedTable(table, fit->added, fit->widened, where));
    return change;
  }
  if (!replacing || spec.on_schema_change != SchemaPolicy::kEvolve) return fit.status();
  ARROW_ASSIGN_OR_RAISE(change.table, TableWithOtherColumns(table, rows, where));
  change.words = "the table's columns become those of the rows";
  return change;
}

Result<TableRules> RulesOfNewTable(const TableSpec& spec, const DeltaLakeStorageConfig& config,
                                   const arrow::Schema& rows, const std::string& where) {
  if (!spec.create_table) {
    return ConfigurationError("deltalake: the table is missing and is not to be made: " + where);
  }
  ARROW_ASSIGN_OR_RAISE(auto made, DefineTable(config, rows, where));
  ARROW_RETURN_NOT_OK(CheckReadable(made.protocol, made.metadata, where));
  ARROW_RETURN_NOT_OK(
      CheckWritable(made.protocol, made.metadata, IntentOf(spec, /*changes_schema=*/true), where));
  TableRules rules;
  rules.stored = made.schema;
  rules.table = made.schema;
  rules.partition_columns = made.metadata.partition_columns;
  rules.mapping = made.mapping;
  rules.metadata = std::move(made.metadata);
  rules.protocol = std::move(made.protocol);
  return rules;
}

}  // namespace

bool ReplacesRows(const TableSpec& spec) {
  return spec.mode == LoadMode::kOverwrite || spec.reset_pipeline;
}

Result<TableRules> RulesFor(const TableSpec& spec, const DeltaLakeStorageConfig& config,
                            const Snapshot* table, bool table_is_empty) {
  const std::string where = "table=" + spec.name;
  ARROW_RETURN_NOT_OK(CheckSpec(spec));
  if (table != nullptr && spec.undo_only) {
    ARROW_RETURN_NOT_OK(
        CheckWritable(table->protocol, table->metadata, IntentOf(spec, false), where));
    return Unchanged(*table);
  }
  ARROW_ASSIGN_OR_RAISE(const auto rows, LakeColumns(spec));
  if (table == nullptr) return RulesOfNewTable(spec, config, *rows, where);

  ARROW_RETURN_NOT_OK(CheckPartitioning(config, *table, where));
  // First what no columns could mend.
  ARROW_RETURN_NOT_OK(
      CheckWritable(table->protocol, table->metadata, IntentOf(spec, false), where));
  ARROW_ASSIGN_OR_RAISE(auto change, ChangeFor(spec, *rows, *table, table_is_empty, where));
  TableRules rules = Unchanged(*table);
  if (!change.words.empty()) {
    ARROW_RETURN_NOT_OK(CheckWritable(change.table.protocol, change.table.metadata,
                                      IntentOf(spec, /*changes_schema=*/true), where));
    rules.table = change.table.schema;
    rules.metadata = std::move(change.table.metadata);
    rules.evolution = std::move(change.words);
    if (!(change.table.protocol == table->protocol)) {
      rules.protocol = std::move(change.table.protocol);
      rules.evolution += "; the table's protocol grows by what the new columns need";
    }
  }
  ARROW_ASSIGN_OR_RAISE(auto constraints,
                        ConstraintsOf(rules.metadata ? *rules.metadata : table->metadata));
  rules.constraints = std::move(constraints.known);
  rules.stored = StoredColumns(*rules.table, *rows, rules.partition_columns);
  ARROW_RETURN_NOT_OK(CheckSomethingIsStored(rules, where));
  return rules;
}

}  // namespace ampload::deltalake
