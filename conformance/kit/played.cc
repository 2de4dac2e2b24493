#include "conformance/kit/played.h"

#include <arrow/array/util.h>

#include <map>

#include "ampload/batch_id.h"
#include "conformance/kit/same_rows.h"
#include "conformance/kit/sample_rows.h"

namespace ampload::conformance {
namespace {

Result<std::shared_ptr<arrow::Table>> WithoutColumn(std::shared_ptr<arrow::Table> table,
                                                    const std::string& name) {
  const int at = table->schema()->GetFieldIndex(name);
  return at < 0 ? table : table->RemoveColumn(at);
}

// The columns of `rows` in the order of `like`, which has the same names.
Result<std::shared_ptr<arrow::Table>> InOrderOf(const std::shared_ptr<arrow::Table>& rows,
                                                const arrow::Table& like) {
  std::vector<int> order;
  for (const auto& name : like.ColumnNames()) {
    const int at = rows->schema()->GetFieldIndex(name);
    if (at < 0 || rows->num_columns() != like.num_columns()) return rows;
    order.push_back(at);
  }
  return rows->SelectColumns(order);
}

}  // namespace

Status PrepareTable(CaseContext& context, const Script& script, const std::string& table) {
  if (script.existing == nullptr) return Status::OK();
  auto rows = script.existing;
  // A stream joins a table that has the column, or is empty.
  if (script.streaming) {
    const int64_t count = rows->num_rows();
    ARROW_ASSIGN_OR_RAISE(const auto none, arrow::MakeArrayOfNull(arrow::int64(), count));
    ARROW_ASSIGN_OR_RAISE(
        rows, rows->AddColumn(rows->num_columns(), arrow::field(kBatchIdColumn, arrow::int64()),
                              std::make_shared<arrow::ChunkedArray>(none)));
  }
  // By the mode that comes after it: some stores make a table for its keys.
  LoadOptions options;
  options.mode = script.mode == LoadMode::kUpsert || script.mode == LoadMode::kMerge
                     ? script.mode
                     : LoadMode::kAppend;
  if (context.traits().supports_keys) options.keys = script.keys;
  return context.Load(rows, table, options);
}

Status ExpectState(CaseContext& context, const Script& script, const std::string& table,
                   const arrow::Table& state) {
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  if (state.num_rows() == 0) return context.ExpectRowCount(table, 0);
  const std::vector<std::string> order = {"id"};
  ARROW_ASSIGN_OR_RAISE(auto actual, context.config().QueryRows(*loader, table, {}, order));
  ARROW_ASSIGN_OR_RAISE(actual, WithoutColumn(actual, kBatchIdColumn));
  ARROW_ASSIGN_OR_RAISE(actual, InOrderOf(actual, state));
  const auto same = ExpectSameRows(state, *actual);
  return same.ok() ? context.ExpectRowCount(table, state.num_rows())
                   : WithContext(same, "script " + script.name);
}

Status ExpectBatchIds(CaseContext& context, const std::string& table, const std::string& pipeline) {
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  ARROW_ASSIGN_OR_RAISE(const auto checkpoints, loader->ReadCheckpoints(table));
  std::map<int64_t, int64_t> expected;
  for (const auto& one : checkpoints) {
    if (one.pipeline != pipeline) continue;
    for (const auto& entry : one.ladder) {
      if (entry.rows > 0) expected[entry.batch.value()] = entry.rows;
      ARROW_RETURN_NOT_OK(Expect(entry.batch.slot() == one.slot,
                                 "a batch id of the ladder has another slot than the pipeline"));
    }
  }
  ARROW_ASSIGN_OR_RAISE(const auto rows, context.config().QueryRows(*loader, table, {}, {}));
  const auto column = rows->GetColumnByName(kBatchIdColumn);
  ARROW_RETURN_NOT_OK(Expect(column != nullptr, "the table has no column _amp_batch_id"));
  std::map<int64_t, int64_t> found;
  for (int64_t row = 0; row < rows->num_rows(); ++row) {
    ARROW_ASSIGN_OR_RAISE(const auto id, column->GetScalar(row));
    ARROW_RETURN_NOT_OK(Expect(id->type->id() == arrow::Type::INT64 && id->is_valid,
                               "_amp_batch_id is no int64, or null"));
    ++found[static_cast<const arrow::Int64Scalar&>(*id).value];
  }
  return Expect(found == expected, "rows per _amp_batch_id are not those of the ladder: batches=" +
                                       std::to_string(expected.size()) +
                                       " found=" + std::to_string(found.size()));
}

}  // namespace ampload::conformance
