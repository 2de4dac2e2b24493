// What a table should hold: the oracle of the streaming and crash suites. It knows no store.
#include <arrow/builder.h>
#include <arrow/compute/api.h>

#include <map>

#include "ampload/write_session.h"
#include "conformance/kit/script.h"

namespace ampload::conformance {
namespace {

using Row = std::map<std::string, std::shared_ptr<arrow::Scalar>>;
using Rows = std::map<int64_t, Row>;

Result<Row> RowAt(const arrow::Table& table, int64_t index) {
  Row row;
  for (int i = 0; i < table.num_columns(); ++i) {
    ARROW_ASSIGN_OR_RAISE(row[table.field(i)->name()], table.column(i)->GetScalar(index));
  }
  return row;
}

Status PlayRow(LoadMode mode, Row row, Rows* rows) {
  const int64_t id = static_cast<const arrow::Int64Scalar&>(*row.at("id")).value;
  if (mode == LoadMode::kAppend || mode == LoadMode::kOverwrite) {
    if (!rows->emplace(id, std::move(row)).second) {
      return PermanentError("a script appends an id twice: id=" + std::to_string(id));
    }
    return Status::OK();
  }
  if (mode == LoadMode::kUpsert) {
    (*rows)[id] = std::move(row);
    return Status::OK();
  }
  RowOp op = RowOp::kUpsert;
  if (const auto named = row.find(kOpColumn); named != row.end()) {
    op = ParseRowOp(named->second->ToString()).value();
    row.erase(named);
  }
  if (op == RowOp::kDelete) {
    rows->erase(id);
    return Status::OK();
  }
  for (auto& [name, value] : row) (*rows)[id][name] = std::move(value);
  return Status::OK();
}

Status PlayTable(LoadMode mode, const arrow::Table& table, Rows* rows) {
  for (int64_t i = 0; i < table.num_rows(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto row, RowAt(table, i));
    ARROW_RETURN_NOT_OK(PlayRow(mode, std::move(row), rows));
  }
  return Status::OK();
}

// The columns that the table has after some commits: the first schema, with those that came later.
arrow::FieldVector ColumnsAfter(const Script& script, size_t commits) {
  arrow::FieldVector fields;
  const auto add = [&](const arrow::Schema& schema) {
    for (const auto& field : schema.fields()) {
      if (script.mode == LoadMode::kMerge && field->name() == kOpColumn) continue;
      const auto known = std::find_if(fields.begin(), fields.end(), [&](const auto& one) {
        return one->name() == field->name();
      });
      if (known == fields.end()) {
        fields.push_back(field);
      } else if (arrow::bit_width(field->type()->id()) > arrow::bit_width((*known)->type()->id())) {
        *known = field;
      }
    }
  };
  const bool replaced = script.mode == LoadMode::kOverwrite && commits > 0;
  if (script.existing != nullptr && !replaced) add(*script.existing->schema());
  for (size_t i = 0; i < commits; ++i) add(*script.SchemaAt(i));
  if (fields.empty()) add(*script.SchemaAt(0));
  return fields;
}

Result<std::shared_ptr<arrow::Table>> MakeTable(const arrow::FieldVector& fields,
                                                const Rows& rows) {
  arrow::ArrayVector columns;
  for (const auto& field : fields) {
    ARROW_ASSIGN_OR_RAISE(const auto builder, arrow::MakeBuilder(field->type()));
    for (const auto& [id, row] : rows) {
      const auto value = row.find(field->name());
      if (value == row.end() || !value->second->is_valid) {
        ARROW_RETURN_NOT_OK(builder->AppendNull());
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(const auto cast,
                            arrow::compute::Cast(arrow::Datum(value->second), field->type()));
      ARROW_RETURN_NOT_OK(builder->AppendScalar(*cast.scalar()));
    }
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), builder->Finish());
  }
  return arrow::Table::Make(arrow::schema(fields), columns, static_cast<int64_t>(rows.size()));
}

}  // namespace

Result<std::vector<std::shared_ptr<arrow::Table>>> ExpectedStates(const Script& script) {
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  std::vector<std::shared_ptr<arrow::Table>> states;
  std::vector<ScriptBatch> kept;
  for (size_t done = 0; done <= script.commits.size(); ++done) {
    if (done > 0) {
      const auto& commit = script.commits[done - 1];
      std::vector<std::vector<BlockRange>> ladder;
      for (const auto& batch : kept) ladder.push_back(batch.ranges);
      const auto undone = UndoneBy(commit.reorgs, ladder);
      std::vector<ScriptBatch> left;
      for (size_t i = 0; i < kept.size(); ++i) {
        if (!undone[i]) left.push_back(kept[i]);
      }
      kept = std::move(left);
      kept.insert(kept.end(), commit.batches.begin(), commit.batches.end());
    }
    Rows rows;
    const bool replaced = script.mode == LoadMode::kOverwrite && done > 0;
    if (script.existing != nullptr && !replaced) {
      ARROW_RETURN_NOT_OK(PlayTable(LoadMode::kAppend, *script.existing, &rows));
    }
    for (const auto& batch : kept) {
      ARROW_RETURN_NOT_OK(PlayTable(script.mode, *batch.rows, &rows));
    }
    ARROW_ASSIGN_OR_RAISE(states.emplace_back(), MakeTable(ColumnsAfter(script, done), rows));
  }
  return states;
}

}  // namespace ampload::conformance
