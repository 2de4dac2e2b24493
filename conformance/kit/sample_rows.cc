#include "conformance/kit/sample_rows.h"

#include <arrow/builder.h>
#include <arrow/json/from_string.h>

#include <algorithm>

namespace ampload::conformance {
namespace {

// Memory is all that can be missing here.
std::shared_ptr<arrow::RecordBatch> MakeBatch(int64_t first, int64_t count, int64_t version) {
  arrow::Int64Builder ids;
  arrow::StringBuilder names;
  arrow::DoubleBuilder amounts;
  arrow::BooleanBuilder flags;
  for (int64_t id = first; id < first + count; ++id) {
    static_cast<void>(ids.Append(id));
    static_cast<void>(names.Append("name " + std::to_string(id) +
                                   (version == 0 ? "" : " version " + std::to_string(version))));
    static_cast<void>(
        amounts.Append(static_cast<double>(id) * 1.25 + static_cast<double>(version)));
    static_cast<void>(flags.Append((id + version) % 3 == 0));
  }
  return arrow::RecordBatch::Make(SampleSchema(), count,
                                  {ids.Finish().ValueOrDie(), names.Finish().ValueOrDie(),
                                   amounts.Finish().ValueOrDie(), flags.Finish().ValueOrDie()});
}

}  // namespace

std::shared_ptr<arrow::Schema> SampleSchema() {
  static const auto* schema = new std::shared_ptr<arrow::Schema>(arrow::schema(
      {arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8()),
       arrow::field("amount", arrow::float64()), arrow::field("active", arrow::boolean())}));
  return *schema;
}

std::shared_ptr<arrow::Table> SampleRows(int64_t first, int64_t count, int64_t chunk_rows,
                                         int64_t version) {
  arrow::RecordBatchVector batches;
  for (int64_t done = 0; done < count; done += chunk_rows) {
    batches.push_back(MakeBatch(first + done, std::min(chunk_rows, count - done), version));
  }
  return arrow::Table::FromRecordBatches(SampleSchema(), batches).ValueOrDie();
}

Result<std::shared_ptr<arrow::Table>> RowsFromJson(const std::shared_ptr<arrow::Schema>& schema,
                                                   const std::vector<std::string>& columns) {
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < columns.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto array, arrow::json::ArrayFromJSONString(
                                          schema->field(static_cast<int>(i))->type(), columns[i]));
    arrays.push_back(std::move(array));
  }
  return arrow::Table::Make(schema, arrays);
}

Result<std::shared_ptr<arrow::Table>> Joined(
    const std::vector<std::shared_ptr<arrow::Table>>& tables) {
  return arrow::ConcatenateTables(tables);
}

}  // namespace ampload::conformance
