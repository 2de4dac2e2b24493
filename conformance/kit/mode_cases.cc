// Upsert, merge and the operations of a merge's rows.
#include "conformance/kit/cases.h"
#include "conformance/kit/same_rows.h"
#include "conformance/kit/sample_rows.h"

namespace ampload::conformance {
namespace {

LoadOptions ByKey(LoadMode mode, std::vector<std::string> keys = {"id"}) {
  LoadOptions options;
  options.mode = mode;
  options.keys = std::move(keys);
  return options;
}

Status Upsert(CaseContext& context) {
  const std::string table = context.NewTable();
  const auto options = ByKey(LoadMode::kUpsert);
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(0, 100), table, options));
  ARROW_RETURN_NOT_OK(context.ExpectRows(table, SampleRows(0, 100)));
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(80, 40, 7, 1), table, options));
  ARROW_ASSIGN_OR_RAISE(const auto expected,
                        Joined({SampleRows(0, 80), SampleRows(80, 40, 1 << 20, 1)}));
  ARROW_RETURN_NOT_OK(context.ExpectRows(table, expected));
  // A row is replaced whole: nulls take the place of values.
  if (context.traits().supports_null_values) {
    ARROW_ASSIGN_OR_RAISE(const auto nulls,
                          RowsFromJson(SampleSchema(), {"[5]", "[null]", "[null]", "[null]"}));
    ARROW_RETURN_NOT_OK(context.Load(nulls, table, options));
    ARROW_ASSIGN_OR_RAISE(const auto with_nulls, Joined({SampleRows(0, 5), nulls, SampleRows(6, 74),
                                                         SampleRows(80, 40, 1 << 20, 1)}));
    ARROW_RETURN_NOT_OK(context.ExpectRows(table, with_nulls));
  }
  LoadOptions keyless;
  keyless.mode = LoadMode::kUpsert;
  return WithContext(context.LoadMustFail(SampleRows(0, 1), table, keyless).status(),
                     "an upsert without key columns");
}

Status UpsertLastRowWins(CaseContext& context) {
  const auto schema =
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("version", arrow::int32()),
                     arrow::field("text", arrow::utf8())});
  ARROW_ASSIGN_OR_RAISE(const auto rows,
                        RowsFromJson(schema, {"[1, 2, 1, 3, 1, 2]", "[3, 1, 9, 1, 4, null]",
                                              R"(["a", "b", "c", "d", "e", "f"])"}));
  const std::string by_arrival = context.NewTable();
  ARROW_RETURN_NOT_OK(context.Load(rows, by_arrival, ByKey(LoadMode::kUpsert)));
  ARROW_ASSIGN_OR_RAISE(const auto last_to_arrive,
                        RowsFromJson(schema, {"[1, 2, 3]", "[4, null, 1]", R"(["e", "f", "d"])"}));
  ARROW_RETURN_NOT_OK(
      WithContext(context.ExpectRows(by_arrival, last_to_arrive), "the last to arrive"));

  const std::string by_version = context.NewTable();
  auto ordered = ByKey(LoadMode::kUpsert);
  ordered.order_by = "version";
  ARROW_RETURN_NOT_OK(context.Load(rows, by_version, ordered));
  ARROW_ASSIGN_OR_RAISE(const auto highest,
                        RowsFromJson(schema, {"[1, 2, 3]", "[9, 1, 1]", R"(["c", "b", "d"])"}));
  ARROW_RETURN_NOT_OK(WithContext(context.ExpectRows(by_version, highest), "the last by version"));
  // What the table had does not take part: the load is newer.
  ARROW_ASSIGN_OR_RAISE(const auto older, RowsFromJson(schema, {"[1]", "[2]", R"(["g"])"}));
  ARROW_RETURN_NOT_OK(context.Load(older, by_version, ordered));
  ARROW_ASSIGN_OR_RAISE(const auto newest,
                        RowsFromJson(schema, {"[1, 2, 3]", "[2, 1, 1]", R"(["g", "b", "d"])"}));
  return context.ExpectRows(by_version, newest);
}

Status UpsertByTwoKeys(CaseContext& context) {
  const auto schema =
      arrow::schema({arrow::field("network", arrow::utf8()), arrow::field("id", arrow::uint64()),
                     arrow::field("value", arrow::int64())});
  const std::string table = context.NewTable();
  const auto options = ByKey(LoadMode::kUpsert, {"network", "id"});
  ARROW_ASSIGN_OR_RAISE(
      const auto first,
      RowsFromJson(schema, {R"(["a", "a", "b", "ab"])", "[1, 2, 1, 1]", "[10, 20, 30, 40]"}));
  ARROW_RETURN_NOT_OK(context.Load(first, table, options));
  ARROW_ASSIGN_OR_RAISE(const auto second,
                        RowsFromJson(schema, {R"(["a", "b"])", "[2, 2]", "[21, 31]"}));
  ARROW_RETURN_NOT_OK(context.Load(second, table, options));
  ARROW_ASSIGN_OR_RAISE(const auto expected,
                        RowsFromJson(schema, {R"(["a", "a", "b", "b", "ab"])", "[1, 2, 1, 2, 1]",
                                              "[10, 21, 30, 31, 40]"}));
  return context.ExpectRows(table, expected, "value");
}

Status Merge(CaseContext& context) {
  const std::string table = context.NewTable();
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(0, 10), table, ByKey(LoadMode::kMerge)));
  // Matched rows keep the columns that the source lacks; new ones have nulls there.
  const auto part =
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("amount", arrow::float64())});
  ARROW_ASSIGN_OR_RAISE(const auto rows, RowsFromJson(part, {"[3, 4, 12]", "[-1.5, null, 7]"}));
  ARROW_RETURN_NOT_OK(context.Load(rows, table, ByKey(LoadMode::kMerge)));
  ARROW_ASSIGN_OR_RAISE(const auto changed,
                        RowsFromJson(SampleSchema(), {"[3, 4, 12]", R"(["name 3", "name 4", null])",
                                                      "[-1.5, null, 7]", "[true, false, null]"}));
  ARROW_ASSIGN_OR_RAISE(const auto expected, Joined({SampleRows(0, 3), changed, SampleRows(5, 5)}));
  return context.ExpectRows(table, expected);
}

std::shared_ptr<arrow::Schema> WithOps() {
  return arrow::schema({arrow::field("id", arrow::int64()), arrow::field("_op", arrow::utf8()),
                        arrow::field("value", arrow::utf8())});
}
std::shared_ptr<arrow::Schema> WithoutOps() {
  return arrow::schema({arrow::field("id", arrow::int64()), arrow::field("value", arrow::utf8())});
}

Status MergeOperations(CaseContext& context) {
  const std::string table = context.NewTable();
  const auto merge = ByKey(LoadMode::kMerge);
  ARROW_ASSIGN_OR_RAISE(
      const auto first,
      RowsFromJson(WithOps(), {"[1, 2, 3, 4]", R"(["insert", "upsert", "insert", "insert"])",
                               R"(["a", "b", "c", "d"])"}));
  ARROW_RETURN_NOT_OK(context.Load(first, table, merge));
  ARROW_ASSIGN_OR_RAISE(const auto inserted,
                        RowsFromJson(WithoutOps(), {"[1, 2, 3, 4]", R"(["a", "b", "c", "d"])"}));
  ARROW_RETURN_NOT_OK(
      WithContext(context.ExpectRows(table, inserted), "`_op` is not stored, rows are"));
  // Deleting what is not there is fine; operations on one key are done in their order.
  ARROW_ASSIGN_OR_RAISE(
      const auto second,
      RowsFromJson(WithOps(), {"[1, 2, 9, 3, 5, 5, 6, 6, 4, 4]",
                               R"(["delete", "update", "delete", "upsert", "insert", "update",
                                   "insert", "delete", "delete", "insert"])",
                               R"([null, "B", null, "C", "e", "E", "f", null, null, "D"])"}));
  ARROW_RETURN_NOT_OK(context.Load(second, table, merge));
  ARROW_ASSIGN_OR_RAISE(const auto expected,
                        RowsFromJson(WithoutOps(), {"[2, 3, 4, 5]", R"(["B", "C", "D", "E"])"}));
  return context.ExpectRows(table, expected);
}

Status MergeRefusesWhatItCannotDo(CaseContext& context) {
  const std::string table = context.NewTable();
  const auto merge = ByKey(LoadMode::kMerge);
  ARROW_ASSIGN_OR_RAISE(const auto before, RowsFromJson(WithoutOps(), {"[1]", R"(["a"])"}));
  ARROW_RETURN_NOT_OK(context.Load(before, table, merge));
  struct Wrong {
    const char* what;
    const char* ids;
    const char* ops;
  };
  for (const auto& wrong :
       {Wrong{"insert of a key that is there", "[2, 1]", R"(["upsert", "insert"])"},
        Wrong{"update of a missing key", "[1, 3]", R"(["upsert", "update"])"},
        Wrong{"an unknown operation", "[1, 4]", R"(["upsert", "replace"])"},
        Wrong{"no operation", "[1, 5]", R"(["upsert", null])"}}) {
    ARROW_ASSIGN_OR_RAISE(const auto rows,
                          RowsFromJson(WithOps(), {wrong.ids, wrong.ops, R"(["x", "y"])"}));
    ARROW_RETURN_NOT_OK(WithContext(context.LoadMustFail(rows, table, merge).status(), wrong.what));
    ARROW_RETURN_NOT_OK(WithContext(context.ExpectRows(table, before), wrong.what));
  }
  return Status::OK();
}

}  // namespace

std::vector<TestCase> ModeCases() {
  const auto upsert = NeedsMode(LoadMode::kUpsert);
  const auto merge = NeedsMode(LoadMode::kMerge);
  return {
      {"core", "Upsert", "new keys are inserted, known ones replaced whole", upsert, Upsert},
      {"core", "UpsertLastRowWins",
       "of rows with one key the last stays: by order_by, else arrival", upsert, UpsertLastRowWins},
      {"core", "UpsertByTwoKeys", "several key columns together say which row", upsert,
       UpsertByTwoKeys},
      {"core", "Merge", "matched rows keep the columns that the source lacks", merge, Merge},
      {"core", "MergeOperations", "`_op` inserts, updates, upserts, deletes, and is not stored",
       merge, MergeOperations},
      {"core", "MergeRefusesWhatItCannotDo",
       "an insert of a known key, an update of an unknown one, an unknown `_op`: nothing is loaded",
       merge, MergeRefusesWhatItCannotDo},
  };
}

}  // namespace ampload::conformance
