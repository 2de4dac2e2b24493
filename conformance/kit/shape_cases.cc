// Tables and columns of unusual shape and name.
#include <arrow/util/key_value_metadata.h>

#include <algorithm>

#include "conformance/kit/cases.h"
#include "conformance/kit/same_rows.h"
#include "conformance/kit/sample_rows.h"

namespace ampload::conformance {
namespace {

Status EmptyBatches(CaseContext& context) {
  const std::string table = context.NewTable();
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(0, 0), table));
  ARROW_RETURN_NOT_OK(context.ExpectRowCount(table, 0));
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  ARROW_ASSIGN_OR_RAISE(const auto names, context.config().GetColumnNames(*loader, table));
  ARROW_RETURN_NOT_OK(
      Expect(names == SampleSchema()->field_names(), "a load of no row made no table"));
  ARROW_ASSIGN_OR_RAISE(const auto empty, SampleRows(0, 1)->Slice(0, 0)->CombineChunksToBatch());
  ARROW_ASSIGN_OR_RAISE(const auto some, SampleRows(0, 3)->CombineChunksToBatch());
  ARROW_ASSIGN_OR_RAISE(const auto more, SampleRows(3, 2)->CombineChunksToBatch());
  ARROW_ASSIGN_OR_RAISE(const auto rows,
                        arrow::Table::FromRecordBatches({empty, some, empty, more, empty}));
  ARROW_RETURN_NOT_OK(context.Load(rows, table));
  const LoadResult result = loader->LoadBatch(empty, table, {});
  ARROW_RETURN_NOT_OK(Expect(result.success && result.rows_loaded == 0,
                             "LoadBatch of no row failed: " + result.error));
  return context.ExpectRows(table, SampleRows(0, 5));
}

// Rows of nothing: either all of them arrive, or the load says that it cannot be.
Status ZeroColumns(CaseContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  const std::string table = context.NewTable();
  const auto batch = arrow::RecordBatch::Make(arrow::schema({}), 4, arrow::ArrayVector{});
  const LoadResult result = loader->LoadBatch(batch, table, {});
  if (result.success) {
    ARROW_RETURN_NOT_OK(Expect(result.rows_loaded == 4, "rows without columns were counted wrong"));
    return context.ExpectRowCount(table, 4);
  }
  ARROW_RETURN_NOT_OK(Expect(!result.error.empty(), "a load failed without an error"));
  return context.ExpectRowCount(table, 0);
}

Status ThousandColumns(CaseContext& context) {
  const std::string table = context.NewTable();
  arrow::FieldVector fields = {arrow::field("id", arrow::int64())};
  std::vector<std::string> values = {"[1, 2, 3]"};
  for (int i = 1; i < 1000; ++i) {
    const std::string n = std::to_string(i);
    fields.push_back(arrow::field("c" + n, i % 2 == 0 ? arrow::int64() : arrow::utf8()));
    values.push_back(i % 2 == 0 ? "[" + n + ", null, -" + n + "]" : "[\"v" + n + "\", \"\", null]");
    if (!context.traits().supports_null_values) {
      values.back() = i % 2 == 0 ? "[" + n + ", 0, 1]" : R"(["a", "b", "c"])";
    }
  }
  ARROW_ASSIGN_OR_RAISE(const auto rows, RowsFromJson(arrow::schema(fields), values));
  ARROW_RETURN_NOT_OK(context.Load(rows, table));
  return context.ExpectRows(table, rows);
}

// A differing batch is refused unwritten where the traits say so; elsewhere it may be taken, but
// never in part.
Status SchemaMismatch(CaseContext& context) {
  const std::string table = context.NewTable();
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(0, 5), table));
  struct Other {
    const char* what;
    arrow::FieldVector fields;
    std::vector<std::string> values;
  };
  const auto id = arrow::field("id", arrow::int64());
  const auto name = arrow::field("name", arrow::utf8());
  const auto amount = arrow::field("amount", arrow::float64());
  const auto active = arrow::field("active", arrow::boolean());
  const std::vector<Other> others = {
      {"another type",
       {id, name, arrow::field("amount", arrow::utf8()), active},
       {"[10]", R"(["x"])", R"(["not a number"])", "[true]"}},
      {"one more column",
       {id, name, amount, active, arrow::field("extra", arrow::int32())},
       {"[11]", R"(["x"])", "[1]", "[true]", "[7]"}},
      {"one column less", {id, name, active}, {"[12]", R"(["x"])", "[true]"}},
      {"another name",
       {id, arrow::field("nome", arrow::utf8()), amount, active},
       {"[13]", R"(["x"])", "[1]", "[true]"}},
  };
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  int64_t rows_then = 5;
  for (const auto& other : others) {
    ARROW_ASSIGN_OR_RAISE(const auto rows, RowsFromJson(arrow::schema(other.fields), other.values));
    const LoadResult result = loader->LoadTable(rows, table, {});
    ARROW_RETURN_NOT_OK(Expect(result.success || !result.error.empty(),
                               std::string(other.what) + ": a load failed without an error"));
    ARROW_RETURN_NOT_OK(
        Expect(!(result.success && context.traits().requires_schema_match),
               std::string(other.what) + ": taken, though the loader requires_schema_match"));
    if (result.success) ++rows_then;
    ARROW_RETURN_NOT_OK(WithContext(context.ExpectRowCount(table, rows_then), other.what));
    if (!result.success) continue;
    // Taken: then every value must be there.
    const std::vector<Predicate> where = {
        {"id", Comparison::kEqual,
         std::static_pointer_cast<arrow::Scalar>(
             std::make_shared<arrow::Int64Scalar>(10 + (&other - others.data())))}};
    ARROW_ASSIGN_OR_RAISE(const auto found, context.config().QueryRows(*loader, table, where, {}));
    ARROW_RETURN_NOT_OK(Expect(found->num_rows() == 1, std::string(other.what) + ": no such row"));
    for (const auto& field : rows->schema()->fields()) {
      ARROW_ASSIGN_OR_RAISE(const auto loaded,
                            rows->SelectColumns({rows->schema()->GetFieldIndex(field->name())}));
      const int at = found->schema()->GetFieldIndex(field->name());
      ARROW_RETURN_NOT_OK(Expect(at >= 0, std::string(other.what) + ": column " + field->name() +
                                              " was dropped without a word"));
      ARROW_ASSIGN_OR_RAISE(const auto stored, found->SelectColumns({at}));
      ARROW_RETURN_NOT_OK(WithContext(ExpectSameRows(*loaded, *stored), other.what));
    }
  }
  // What was refused has left no trace: the table takes its own rows.
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(20, 1), table));
  return context.ExpectRowCount(table, rows_then + 1);
}

// Each is loaded into exactly the table of that name, or refused with nothing written.
Status HostileTableNames(CaseContext& context) {
  const std::vector<std::string> names = {"select",
                                          "Logs",
                                          "logs",
                                          "LOGS",
                                          "a table",
                                          "a\"b",
                                          "a'b",
                                          "a`b",
                                          "a;b",
                                          "a.b",
                                          "a/b",
                                          "..",
                                          ".",
                                          "a\\b",
                                          "-",
                                          "--",
                                          "%s%n",
                                          "a:b",
                                          "{a}",
                                          "a\nb",
                                          "\t",
                                          "0",
                                          "\xC3\xA9t\xC3\xA9",
                                          "\xF0\x9F\xA6\x80",
                                          "'; drop table logs; --",
                                          std::string(63, 'x'),
                                          std::string(63, 'x') + "y",
                                          std::string(255, 'z')};
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  std::vector<std::pair<std::string, int64_t>> loaded;
  int64_t id = 0;
  for (const auto& name : names) {
    ARROW_RETURN_NOT_OK(WithContext(context.UseTable(name), "table [" + name + "]"));
  }
  for (const auto& name : names) {
    ++id;
    const LoadResult result = loader->LoadTable(SampleRows(id * 100, id), name, {});
    if (result.success) {
      loaded.emplace_back(name, id);
    } else {
      ARROW_RETURN_NOT_OK(Expect(!result.error.empty(), "[" + name + "] failed without an error"));
    }
  }
  ARROW_RETURN_NOT_OK(
      Expect(loaded.size() >= 8, "of " + std::to_string(names.size()) + " table names only " +
                                     std::to_string(loaded.size()) + " were taken"));
  for (const auto& [name, number] : loaded) {
    ARROW_RETURN_NOT_OK(WithContext(context.ExpectRows(name, SampleRows(number * 100, number)),
                                    "table [" + name + "]"));
    ARROW_ASSIGN_OR_RAISE(const auto info, loader->GetTableInfo(name));
    ARROW_RETURN_NOT_OK(Expect(!info.has_value() || info->row_count == number,
                               "GetTableInfo of [" + name + "] is another table's"));
  }
  return Status::OK();
}

Status HostileColumnNames(CaseContext& context) {
  const std::vector<std::string> names = {"select",
                                          "Id",
                                          "ID",
                                          "a column",
                                          "a\"b",
                                          "a'b",
                                          "a`b",
                                          "a.b",
                                          "a,b",
                                          "a=b",
                                          "$1",
                                          "?",
                                          "%s",
                                          "a\\b",
                                          "a\nb",
                                          "{a}",
                                          "-",
                                          "_",
                                          "__",
                                          "0",
                                          "null",
                                          "true",
                                          "\xC3\xA9t\xC3\xA9",
                                          "\xF0\x9F\xA6\x80",
                                          "'); drop table x; --",
                                          std::string(63, 'x'),
                                          std::string(63, 'x') + "y",
                                          std::string(1000, 'c')};
  // One by one, since one name may be refused where the others are not; then all that were taken.
  arrow::FieldVector taken = {arrow::field("id", arrow::int64())};
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  for (const auto& name : names) {
    const std::string table = context.NewTable();
    const auto schema =
        arrow::schema({arrow::field("id", arrow::int64()), arrow::field(name, arrow::utf8())});
    ARROW_ASSIGN_OR_RAISE(const auto rows, RowsFromJson(schema, {"[1, 2]", R"(["x", "y"])"}));
    const LoadResult result = loader->LoadTable(rows, table, {});
    if (!result.success) {
      ARROW_RETURN_NOT_OK(Expect(!result.error.empty(), "[" + name + "] failed without an error"));
      ARROW_RETURN_NOT_OK(WithContext(context.ExpectRowCount(table, 0), "column [" + name + "]"));
      continue;
    }
    ARROW_RETURN_NOT_OK(WithContext(context.ExpectRows(table, rows), "column [" + name + "]"));
    taken.push_back(arrow::field(name, arrow::utf8()));
  }
  ARROW_RETURN_NOT_OK(
      Expect(taken.size() > 8, "of " + std::to_string(names.size()) + " column names only " +
                                   std::to_string(taken.size() - 1) + " were taken"));
  std::vector<std::string> values = {"[1]"};
  for (size_t i = 1; i < taken.size(); ++i) values.push_back("[\"v" + std::to_string(i) + "\"]");
  ARROW_ASSIGN_OR_RAISE(const auto rows, RowsFromJson(arrow::schema(taken), values));
  const std::string table = context.NewTable();
  const LoadResult result = loader->LoadTable(rows, table, {});
  // Names that a store takes for the same (id, Id) may be refused together, never mixed up.
  if (!result.success) return context.ExpectRowCount(table, 0);
  return context.ExpectRows(table, rows);
}

Status MetadataKeys(CaseContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  const std::string table = context.NewTable();
  const auto number = [](const Metadata& metadata, const std::string& key) -> double {
    const auto found = metadata.find(key);
    if (found == metadata.end()) return -1;
    if (const auto* whole = std::get_if<int64_t>(&found->second))
      return static_cast<double>(*whole);
    const auto* real = std::get_if<double>(&found->second);
    return real != nullptr ? *real : -1;
  };
  const auto check = [&](const LoadResult& result, const std::string& operation,
                         const std::vector<std::pair<std::string, double>>& wanted) -> Status {
    ARROW_RETURN_NOT_OK(Expect(result.success, "a load failed: " + result.error));
    const auto found = result.metadata.find("operation");
    ARROW_RETURN_NOT_OK(
        Expect(found != result.metadata.end() && found->second == MetadataValue(operation),
               "metadata: operation is not " + operation));
    for (const auto& [key, value] : wanted) {
      ARROW_RETURN_NOT_OK(Expect(number(result.metadata, key) == value,
                                 "metadata: " + key + " is " +
                                     std::to_string(number(result.metadata, key)) + ", not " +
                                     std::to_string(value)));
    }
    return Expect(number(result.metadata, "throughput_rows_per_sec") >= 0,
                  "metadata: no throughput_rows_per_sec");
  };
  ARROW_ASSIGN_OR_RAISE(const auto batch, SampleRows(0, 30)->CombineChunksToBatch());
  ARROW_RETURN_NOT_OK(check(loader->LoadBatch(batch, table, {}), "load_batch",
                            {{"batch_size", 30}, {"schema_fields", 4}}));
  const LoadResult result = loader->LoadTable(SampleRows(30, 70, 30), table, {});
  ARROW_RETURN_NOT_OK(check(result, "load_table",
                            {{"batch_count", 3},
                             {"batches_processed", 3},
                             {"total_rows", 70},
                             {"schema_fields", 4},
                             {"avg_batch_size", 23.33}}));
  return Expect(number(result.metadata, "table_size_mb") >= 0, "metadata: no table_size_mb");
}

Status TableInformation(CaseContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  const std::string table = context.NewTable();
  const auto missing = loader->GetTableInfo(table);
  if (!missing.ok() && KindOf(missing.status()) == FailureKind::kConfiguration) {
    return NotForThisLoader("cannot say what a table has");
  }
  ARROW_RETURN_NOT_OK(missing.status());
  ARROW_RETURN_NOT_OK(Expect(!missing->has_value() || !(*missing)->exists,
                             "GetTableInfo says that a missing table exists"));
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(0, 12), table));
  ARROW_ASSIGN_OR_RAISE(const auto info, loader->GetTableInfo(table));
  ARROW_RETURN_NOT_OK(Expect(info.has_value() && info->exists, "the table exists"));
  ARROW_RETURN_NOT_OK(Expect(info->table_name == table, "table_name is " + info->table_name));
  ARROW_RETURN_NOT_OK(
      Expect(info->row_count == 12, "row_count is " + std::to_string(info->row_count)));
  std::vector<std::string> names;
  for (const auto& column : info->columns) names.push_back(column.name);
  return Expect(names == SampleSchema()->field_names(), "columns are not the table's");
}

Status PlanEqualsOutcome(CaseContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto* loader, context.loader());
  const std::string table = context.NewTable();
  TableSpec spec;
  spec.name = table;
  spec.schema = SampleSchema();
  ARROW_ASSIGN_OR_RAISE(const auto sample, SampleRows(0, 10)->CombineChunksToBatch());
  ARROW_ASSIGN_OR_RAISE(const auto before, loader->PlanTable(spec, sample.get()));
  ARROW_RETURN_NOT_OK(Expect(!before.table_exists, "the plan says that a missing table exists"));
  ARROW_RETURN_NOT_OK(Expect(before.columns.size() == 4, "the plan has another number of columns"));
  ARROW_RETURN_NOT_OK(context.ExpectRowCount(table, 0));
  ARROW_RETURN_NOT_OK(context.Load(SampleRows(0, 10), table));
  ARROW_RETURN_NOT_OK(context.ExpectRows(table, SampleRows(0, 10)));
  ARROW_ASSIGN_OR_RAISE(const auto after, loader->PlanTable(spec, sample.get()));
  const auto info = loader->GetTableInfo(table);
  ARROW_RETURN_NOT_OK(
      Expect(after.table_exists || !info.ok(), "the plan does not see the table that is there"));
  for (const auto& column : before.columns) {
    ARROW_RETURN_NOT_OK(
        Expect(column.fidelity == Fidelity::kExact || column.fidelity == Fidelity::kDeclared,
               "the load kept every value of " + column.column + ", the plan said " +
                   std::string(ToString(column.fidelity))));
  }
  return Status::OK();
}

}  // namespace

std::vector<TestCase> ShapeCases() {
  return {
      {"core", "EmptyBatches", "batches without rows do no harm; alone they make the table",
       nullptr, EmptyBatches},
      {"core", "ZeroColumns", "rows without columns are all loaded, or refused", nullptr,
       ZeroColumns},
      {"core", "ThousandColumns", "a thousand columns, every value", nullptr, ThousandColumns},
      {"core", "SchemaMismatch",
       "rows of another schema are refused unwritten, or taken with every value", nullptr,
       SchemaMismatch},
      {"core", "HostileTableNames", "a table's name is that name and nothing else, or is refused",
       nullptr, HostileTableNames},
      {"core", "HostileColumnNames", "so is a column's", nullptr, HostileColumnNames},
      {"core", "MetadataKeys", "results carry the specification's metadata", nullptr, MetadataKeys},
      {"core", "TableInformation", "GetTableInfo tells rows and columns of a table", nullptr,
       TableInformation},
      {"core", "PlanEqualsOutcome", "a plan writes nothing and says what the load then does",
       nullptr, PlanEqualsOutcome},
  };
}

}  // namespace ampload::conformance
