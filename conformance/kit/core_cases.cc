// The seven cases of the specification that every loader passes.
#include <set>

#include "ampload/fault_point.h"
#include "conformance/kit/cases.h"
#include "conformance/kit/same_rows.h"
#include "conformance/kit/sample_rows.h"

namespace ampload::conformance {
namespace {

Status Connection(CaseContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto loader, context.MakeLoader());
  ARROW_RETURN_NOT_OK(Expect(!loader->is_connected(), "connected before Connect"));
  ARROW_RETURN_NOT_OK(Expect(loader->loader_type() == context.descriptor().name,
                             "loader_type is not the loader's name: " + loader->loader_type()));
  ARROW_RETURN_NOT_OK(loader->Connect(CallContext{}));
  ARROW_RETURN_NOT_OK(Expect(loader->is_connected(), "not connected after Connect"));
  ARROW_ASSIGN_OR_RAISE(const auto lines, loader->Check(CallContext{}));
  for (const auto& line : lines) {
    ARROW_RETURN_NOT_OK(Expect(
        line.ok, "Check says no: " + line.what + (line.detail.empty() ? "" : ": ") + line.detail));
  }
  ARROW_RETURN_NOT_OK(loader->Disconnect());
  ARROW_RETURN_NOT_OK(Expect(!loader->is_connected(), "connected after Disconnect"));
  ARROW_RETURN_NOT_OK(WithContext(loader->Connect(CallContext{}), "a second Connect"));
  const std::string table = context.NewTable();
  const LoadResult result = loader->LoadTable(SampleRows(0, 3), table, {});
  ARROW_RETURN_NOT_OK(Expect(result.success, "a load after a second Connect: " + result.error));
  ARROW_RETURN_NOT_OK(loader->Disconnect());
  return context.ExpectRowCount(table, 3);
}

// In C++ the context manager is the loader's own life.
Status ContextManager(CaseContext& context) {
  const std::string table = context.NewTable();
  {
    ARROW_ASSIGN_OR_RAISE(const auto loader, context.MakeLoader());
    ARROW_RETURN_NOT_OK(loader->Connect(CallContext{}));
    const LoadResult result = loader->LoadTable(SampleRows(0, 10), table, {});
    ARROW_RETURN_NOT_OK(Expect(result.success, "a load failed: " + result.error));
  }
  // What it had is free again: another one connects, and sees the rows.
  ARROW_ASSIGN_OR_RAISE(const auto next, context.MakeLoader());
  ARROW_RETURN_NOT_OK(next->Connect(CallContext{}));
  ARROW_RETURN_NOT_OK(context.ExpectRows(table, SampleRows(0, 10)));
  {
    // One that ends in the middle of a load leaves the table as it was, where it can.
    ARROW_ASSIGN_OR_RAISE(const auto loader, context.MakeLoader());
    ARROW_RETURN_NOT_OK(loader->Connect(CallContext{}));
    TableSpec spec;
    spec.name = table;
    spec.schema = SampleSchema();
    ARROW_ASSIGN_OR_RAISE(const auto session, loader->OpenSession({&spec, 1}));
    ARROW_RETURN_NOT_OK(session->Recover(RecoverMode::kTakeOver, CallContext{}).status());
  }
  return context.ExpectRows(table, SampleRows(0, 10));
}

Status BatchLoading(CaseContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  const std::string table = context.NewTable();
  constexpr int64_t kRows = 500;
  for (int64_t i = 0; i < 3; ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, SampleRows(i * kRows, kRows)->CombineChunksToBatch());
    const LoadResult result = loader->LoadBatch(batch, table, {});
    ARROW_RETURN_NOT_OK(Expect(result.success, "LoadBatch failed: " + result.error));
    ARROW_RETURN_NOT_OK(
        Expect(result.rows_loaded == kRows,
               "LoadBatch says another row count: " + std::to_string(result.rows_loaded)));
    ARROW_RETURN_NOT_OK(Expect(result.table_name == table && result.error.empty() &&
                                   result.loader_type == context.descriptor().name,
                               "LoadResult has another table_name, loader_type or an error"));
    ARROW_RETURN_NOT_OK(Expect(result.duration_seconds > 0 && result.ops_per_second > 0,
                               "LoadResult has no duration_seconds or no ops_per_second"));
  }
  ARROW_RETURN_NOT_OK(context.ExpectRows(table, SampleRows(0, 3 * kRows)));

  // A slice's rows are those of the slice, and LoadTable takes tables of several chunks.
  const std::string sliced = context.NewTable();
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(0, 1000, 64)->Slice(37, 611), sliced));
  ARROW_RETURN_NOT_OK(context.ExpectRows(sliced, SampleRows(37, 611)));

  // The rows can be looked for, too.
  const std::vector<Predicate> where = {
      {"id", Comparison::kGreaterOrEqual, arrow::MakeScalar(int64_t{40})},
      {"id", Comparison::kLess, arrow::MakeScalar(int64_t{44})}};
  const std::vector<std::string> order = {"id"};
  ARROW_ASSIGN_OR_RAISE(const auto found,
                        context.config().QueryRows(*loader, sliced, where, order));
  return ExpectSameRows(*SampleRows(40, 4), *found);
}

Status AppendMode(CaseContext& context) {
  const std::string table = context.NewTable();
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(0, 100), table));
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(100, 50), table));
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(150, 1), table));
  return context.ExpectRows(table, SampleRows(0, 151));
}

std::string NeedsOverwrite(const LoaderTraits& traits) {
  if (!traits.supports_overwrite) return "needs overwrite";
  return NeedsMode(LoadMode::kOverwrite)(traits);
}

Status OverwriteMode(CaseContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  const std::string table = context.NewTable();
  LoadOptions overwrite;
  overwrite.mode = LoadMode::kOverwrite;
  // Of a table that is not there yet, of one with more rows, of one with fewer.
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(0, 200), table, overwrite));
  ARROW_RETURN_NOT_OK(context.ExpectRows(table, SampleRows(0, 200)));
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(5, 20, 1 << 20, 1), table, overwrite));
  ARROW_RETURN_NOT_OK(context.ExpectRows(table, SampleRows(5, 20, 1 << 20, 1)));
  // Once a LoadTable, however many chunks it has.
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(0, 300, 50, 2), table, overwrite));
  ARROW_RETURN_NOT_OK(context.ExpectRows(table, SampleRows(0, 300, 50, 2)));
  // At every call of LoadBatch.
  for (int64_t i = 0; i < 2; ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, SampleRows(i * 10, 10)->CombineChunksToBatch());
    const LoadResult result = loader->LoadBatch(batch, table, overwrite);
    ARROW_RETURN_NOT_OK(Expect(result.success, "LoadBatch failed: " + result.error));
  }
  ARROW_RETURN_NOT_OK(context.ExpectRows(table, SampleRows(10, 10)));
  // And an append goes on from there.
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(20, 10), table));
  return context.ExpectRows(table, SampleRows(10, 20));
}

Status NullHandling(CaseContext& context) {
  const std::string table = context.NewTable();
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      RowsFromJson(SampleSchema(),
                   {"[1, 2, 3, 4, 5]", R"(["a", null, "", null, "null"])",
                    "[null, 2.5, null, 0, null]", "[true, null, false, null, null]"}));
  if (!context.traits().supports_null_values) {
    ARROW_RETURN_NOT_OK(context.LoadMustFail(rows, table).status());
    return context.ExpectRowCount(table, 0);
  }
  ARROW_RETURN_NOT_OK(context.Load(rows, table));
  ARROW_RETURN_NOT_OK(context.ExpectRows(table, rows));
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  const std::vector<Predicate> where = {{"name", Comparison::kIsNull, nullptr}};
  const std::vector<std::string> order = {"id"};
  ARROW_ASSIGN_OR_RAISE(const auto nulls, context.config().QueryRows(*loader, table, where, order));
  return Expect(nulls->num_rows() == 2, "two names are null, found " +
                                            std::to_string(nulls->num_rows()) +
                                            ": a null and an empty text are not the same");
}

Status ErrorHandling(CaseContext& context) {
  const std::string table = context.NewTable();
  const auto rows = SampleRows(0, 5);
  {
    ARROW_ASSIGN_OR_RAISE(const auto loader, context.MakeLoader());
    const LoadResult result = loader->LoadTable(rows, table, {});
    ARROW_RETURN_NOT_OK(Expect(!result.success && !result.error.empty(),
                               "a load without a connection did not fail with an error"));
  }
  LoadOptions no_create;
  no_create.create_table = false;
  ARROW_RETURN_NOT_OK(WithContext(context.LoadMustFail(rows, table, no_create).status(),
                                  "a load into a missing table, with create_table = false"));
  ARROW_RETURN_NOT_OK(context.ExpectRowCount(table, 0));
  for (const std::string& name : {std::string(), std::string("a\0b", 3), std::string("\xff")}) {
    ARROW_RETURN_NOT_OK(WithContext(context.LoadMustFail(rows, name).status(),
                                    "a load into a table of an impossible name"));
  }
  ARROW_ASSIGN_OR_RAISE(const auto twice,
                        RowsFromJson(arrow::schema({arrow::field("id", arrow::int64()),
                                                    arrow::field("id", arrow::int64())}),
                                     {"[1]", "[2]"}));
  ARROW_RETURN_NOT_OK(
      WithContext(context.LoadMustFail(twice, table).status(), "two columns of one name"));
  // A mode that it has not is refused, and what is there stays.
  ARROW_RETURN_NOT_OK(context.Load(rows, table));
  for (const auto mode :
       {LoadMode::kAppend, LoadMode::kOverwrite, LoadMode::kUpsert, LoadMode::kMerge}) {
    if (context.traits().supported_modes.contains(mode)) continue;
    LoadOptions options;
    options.mode = mode;
    options.keys = {"id"};
    ARROW_RETURN_NOT_OK(WithContext(context.LoadMustFail(rows, table, options).status(),
                                    "mode " + std::string(ToString(mode))));
  }
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  ARROW_RETURN_NOT_OK(
      Expect(!loader->LoadBatch(nullptr, table, {}).success, "no batch was loaded"));
  ARROW_RETURN_NOT_OK(
      Expect(!loader->LoadTable(nullptr, table, {}).success, "no rows were loaded"));
  // After all of that it still works.
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(5, 5), table));
  return context.ExpectRows(table, SampleRows(0, 10));
}

}  // namespace

std::vector<TestCase> CoreCases() {
  return {
      {"core", "Connection", "connects, says so, disconnects, connects again", nullptr, Connection},
      {"core", "ContextManager", "a loader that ends lets go of everything and leaves the rows",
       nullptr, ContextManager},
      {"core", "BatchLoading", "LoadBatch and LoadTable load every row, also of slices and chunks",
       nullptr, BatchLoading},
      {"core", "AppendMode", "append adds rows and leaves the others", nullptr, AppendMode},
      {"core", "OverwriteMode", "overwrite replaces all rows, once a LoadTable", NeedsOverwrite,
       OverwriteMode},
      {"core", "NullHandling", "nulls come back as nulls, or are refused", nullptr, NullHandling},
      {"core", "ErrorHandling", "what cannot be right fails with an error and changes nothing",
       nullptr, ErrorHandling},
  };
}

}  // namespace ampload::conformance
