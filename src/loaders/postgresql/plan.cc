#include "loaders/postgresql/plan.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ampload/batch_id.h"
#include "encode/pg/copy_encoder.h"
#include "encode/type_matrix.h"
#include "loader/row_op.h"
#include "loaders/postgresql/ddl.h"
#include "loaders/postgresql/pg_table.h"
#include "loaders/postgresql/rows_form.h"

namespace ampload::postgresql {
namespace {

using encode::pg::PgColumn;

bool IsByKey(const TableSpec& spec) {
  return spec.mode == LoadMode::kUpsert || spec.mode == LoadMode::kMerge;
}

std::string KindInWords(char kind) {
  switch (kind) {
    case 'p':
      return "partitioned table ";
    case 'v':
      return "view ";
    case 'm':
      return "materialised view ";
    case 'f':
      return "foreign table ";
    default:
      return "table ";
  }
}

std::string RuleInWords(const TableSpec& spec) {
  std::string text = spec.mode == LoadMode::kUpsert
                         ? "rows: a key that is there is replaced whole, a new one added"
                         : "rows: a key that is there takes the columns that the rows have, a new "
                           "one is added";
  if (OpColumnOf(spec).has_value()) text += "; _op says otherwise row by row, and is not stored";
  text += "; of two rows of one key the later by ";
  return text + (spec.order_by.empty() ? "arrival" : spec.order_by + ", then by arrival");
}

void Refuse(const std::string& why, ColumnPlan* plan) {
  plan->fidelity = Fidelity::kRefused;
  plan->stored_as.clear();
  plan->loss.clear();
  plan->note = why;
}

// The matrix's plan of a column, which goes into one that is there.
void PlanAgainst(const TableColumn& column, const arrow::Field& field,
                 const std::vector<std::string>& allow, ColumnPlan* plan) {
  if (plan->fidelity == Fidelity::kRefused) return;
  if (column.generated) return Refuse("the server makes this column's values itself", plan);
  const Status fit =
      encode::pg::CheckFit(field, {column.name, column.type, column.not_null}, allow);
  if (!fit.ok()) return Refuse(MessageOf(fit), plan);
  const auto usual = encode::pg::TypeForNewColumn(field);
  const bool same = usual.ok() && usual->name == column.type.name;
  plan->stored_as = column.type.name;
  if (!same && plan->fidelity == Fidelity::kExact) {
    plan->note = "the table's own type: a value that does not fit is a bad row";
  }
}

struct Judged {
  std::vector<ColumnPlan> plans;
  std::vector<PgColumn> columns;  // empty where one is refused
};

Judged JudgeColumns(const TableSpec& spec, const arrow::Schema& stored,
                    const std::optional<PgTable>& table) {
  Judged judged{encode::PlanColumns(stored, encode::StoreFormat::kPostgreSQL), {}};
  const bool may_add = spec.on_schema_change == SchemaPolicy::kEvolve;
  bool all = true;
  for (size_t i = 0; i < judged.plans.size(); ++i) {
    const auto& field = *stored.field(static_cast<int>(i));
    auto& plan = judged.plans[i];
    const auto* column = table.has_value() ? table->Find(field.name()) : nullptr;
    if (column != nullptr) {
      PlanAgainst(*column, field, spec.allow, &plan);
    } else if (table.has_value() && !may_add && field.name() != kBatchIdColumn) {
      Refuse("the table has no such column: add it with --on-schema-change evolve", &plan);
    }
    const auto type = encode::pg::TypeForNewColumn(field);
    all = all && plan.fidelity != Fidelity::kRefused && (column != nullptr || type.ok());
    if (!all) continue;
    judged.columns.push_back({field.name(), column != nullptr ? column->type : *type,
                              column != nullptr ? column->not_null : !field.nullable()});
  }
  if (!all) judged.columns.clear();
  return judged;
}

// nullopt: the sample has a bad row, which is the load's matter, or a column that is refused.
Result<std::optional<double>> MeasureRow(const arrow::RecordBatch& sample,
                                         const arrow::Schema& stored,
                                         const std::vector<PgColumn>& columns,
                                         const TableSpec& spec, const TableName& name) {
  std::vector<int> places;
  for (const auto& field : stored.fields()) {
    places.push_back(sample.schema()->GetFieldIndex(field->name()));
  }
  ARROW_ASSIGN_OR_RAISE(const auto rows, sample.SelectColumns(places));
  const auto encoder =
      encode::pg::CopyEncoder::Make(rows->schema(), columns, name.text(), spec.allow);
  if (!encoder.ok()) return std::nullopt;
  const auto bytes = (*encoder)->Encode(*rows, 0);
  if (!bytes.ok() && BadRowOf(bytes.status()).has_value()) return std::nullopt;
  ARROW_RETURN_NOT_OK(bytes.status());
  return static_cast<double>((*bytes)->size()) / static_cast<double>(rows->num_rows());
}

}  // namespace

Result<TablePlan> PlanLoad(Connection& connection, const PostgreSQLConfig& config,
                           const TableName& name, const TableSpec& spec,
                           const arrow::RecordBatch* sample, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto stored, StoredSchema(spec));
  ARROW_ASSIGN_OR_RAISE(const auto table, DescribeTable(connection, name, context));
  TablePlan plan;
  plan.table_exists = table.has_value();
  Judged judged = JudgeColumns(spec, *stored, table);
  const bool storable = !judged.columns.empty() || stored->num_fields() == 0;
  if (table.has_value()) {
    plan.layout.push_back(KindInWords(table->kind) + name.sql() + " in database " +
                          connection.database());
    if (storable) {
      // What no column alone decides: a key, rights of a view, columns that the rows lack.
      ARROW_ASSIGN_OR_RAISE(const auto form, FitRowsToTable(spec, *table, false));
      if (!form.evolution.empty()) plan.layout.push_back("columns: " + form.evolution);
    }
  } else if (storable) {
    ARROW_ASSIGN_OR_RAISE(const auto made, TableFor(spec, name, *stored, config));
    plan.layout = CreateStatements(made, config, spec.streaming, connection.server_version());
  }
  if (spec.mode == LoadMode::kOverwrite && table.has_value()) {
    plan.layout.push_back(config.overwrite == "truncate"
                              ? "TRUNCATE " + name.sql() + ": readers wait until the commit"
                              : "DELETE FROM " + name.sql() +
                                    ": readers see the old rows until the commit");
  }
  if (IsByKey(spec)) plan.layout.push_back(RuleInWords(spec));
  if (!config.after_load.empty() && !spec.streaming) {
    plan.layout.push_back(AfterLoadStatements(name, config));
  }
  plan.columns = std::move(judged.plans);
  if (sample != nullptr && sample->num_rows() > 0 && storable) {
    ARROW_ASSIGN_OR_RAISE(plan.bytes_per_row,
                          MeasureRow(*sample, *stored, judged.columns, spec, name));
  }
  return plan;
}

}  // namespace ampload::postgresql
