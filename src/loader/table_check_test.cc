#include "loader/table_check.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "loader_fakes.h"
#include "matchers.h"

namespace ampload {
namespace {

using arrow::field;
using arrow::schema;

constexpr auto kWrong = FailureKind::kConfiguration;

TableSpec Spec() {
  TableSpec spec;
  spec.name = "logs";
  spec.schema = schema({field("id", arrow::int64()), field("at", arrow::int64())});
  return spec;
}

Status CheckWith(const TableSpec& spec, const LoaderTraits& traits) {
  return CheckTableSpecs({&spec, 1}, traits);
}
Status Check(const TableSpec& spec) { return CheckWith(spec, fakes::TransactionalTraits()); }

TEST(TableSpecs, MustBeAsManyAsTheStoreCommitsAtOnce) {
  const std::vector<TableSpec> two = {Spec(), Spec()};
  LoaderTraits traits = fakes::TransactionalTraits();
  EXPECT_THAT(CheckTableSpecs({}, traits), FailsWith(kWrong, "no table"));
  EXPECT_THAT(CheckTableSpecs(two, traits), FailsWith(kWrong, "most=1 tables=2"));
  traits.max_tables_per_commit = 2;
  EXPECT_THAT(CheckTableSpecs(two, traits), FailsWith(kWrong, "logs is named twice"));
}

TEST(TableSpecs, MustHaveGoodNamesColumnsAndKeys) {
  EXPECT_THAT(Check(Spec()), IsOk());
  TableSpec spec = Spec();
  spec.name = "";
  EXPECT_THAT(Check(spec), FailsWith(kWrong, "table name is empty"));
  spec = Spec();
  spec.schema = nullptr;
  EXPECT_THAT(Check(spec), FailsWith(kWrong, "table logs: no schema"));
  spec = Spec();
  spec.schema = schema({field("a", arrow::int64()), field("a", arrow::int64())});
  EXPECT_THAT(Check(spec), FailsWith(FailureKind::kData, "table logs: column names stand twice"));
  spec = Spec();
  spec.keys = {"od"};
  EXPECT_THAT(
      Check(spec),
      FailsWith(kWrong, "table logs: key: there is no column of that name: did you mean id?"));
}

TEST(TableSpecs, RefuseAModeThatTheStoreLacks) {
  TableSpec spec = Spec();
  spec.mode = LoadMode::kMerge;
  EXPECT_THAT(Check(spec), FailsWith(kWrong, "use append, overwrite, upsert: mode=merge"));
}

TEST(TableSpecs, NeedKeysToUpsert) {
  TableSpec spec = Spec();
  spec.mode = LoadMode::kUpsert;
  EXPECT_THAT(Check(spec), FailsWith(kWrong, "needs key columns"));
  spec.keys = {"id"};
  EXPECT_THAT(Check(spec), IsOk());
}

TEST(TableSpecs, OrderByNeedsAColumnAndAModeThatLooksAtIt) {
  TableSpec spec = Spec();
  spec.order_by = "at";
  EXPECT_THAT(Check(spec), FailsWith(kWrong, "order_by means something in upsert and merge only"));
  spec.mode = LoadMode::kUpsert;
  spec.keys = {"id"};
  EXPECT_THAT(Check(spec), IsOk());
  spec.order_by = "att";
  EXPECT_THAT(Check(spec),
              FailsWith(kWrong, "order_by: there is no column of that name: did you mean at?"));
}

TEST(TableSpecs, RefuseAStreamThatTheStoreCannotTake) {
  TableSpec spec = Spec();
  spec.streaming = true;
  spec.pipeline = "p";
  EXPECT_THAT(Check(spec), IsOk());
  LoaderTraits no_streams = fakes::TransactionalTraits();
  no_streams.supports_streaming = false;
  EXPECT_THAT(CheckWith(spec, no_streams), FailsWith(kWrong, "takes no streams"));
  LoaderTraits no_commit = fakes::TransactionalTraits();
  no_commit.commit = CommitKind::kNone;
  EXPECT_THAT(CheckWith(spec, no_commit), FailsWith(kWrong, "takes no streams"));
}

TEST(TableSpecs, RefuseAStreamWithoutAPipelineAndAPipelineWithoutCheckpoints) {
  TableSpec spec = Spec();
  spec.streaming = true;
  EXPECT_THAT(Check(spec), FailsWith(kWrong, "needs a pipeline name"));
  spec.streaming = false;
  spec.pipeline = "p";
  EXPECT_THAT(CheckWith(spec, fakes::SimpleTraits()),
              FailsWith(kWrong, "keeps no checkpoints: leave the pipeline out: pipeline=p"));
}

TableInfo Stored(std::shared_ptr<arrow::Schema> columns) {
  TableInfo info;
  info.table_name = "logs";
  info.exists = true;
  info.schema = std::move(columns);
  return info;
}

TEST(SchemaMatch, IgnoresMetadataAlone) {
  const auto stored = Stored(Spec().schema);
  EXPECT_THAT(CheckSchemaMatches(
                  *Spec().schema->WithMetadata(arrow::key_value_metadata({"k"}, {"v"})), stored),
              IsOk());
}

TEST(SchemaMatch, TellsTheDifferenceColumnByColumn) {
  const auto stored =
      Stored(schema({field("id", arrow::int32()), field("at", arrow::int64(), false),
                     field("gone", arrow::utf8())}));
  const auto incoming = schema(
      {field("id", arrow::int64()), field("at", arrow::int64()), field("new", arrow::utf8())});
  EXPECT_THAT(
      CheckSchemaMatches(*incoming, stored),
      FailsWith(FailureKind::kData,
                "table logs: the rows' schema is not the table's: column id is int64, in the table "
                "int32; column at is int64, in the table int64 not null; column new is not in the "
                "table; column gone is only in the table"));
}

TEST(SchemaMatch, SeesAnotherOrder) {
  const auto stored = Stored(schema({field("at", arrow::int64()), field("id", arrow::int64())}));
  EXPECT_THAT(CheckSchemaMatches(*Spec().schema, stored),
              FailsWith(FailureKind::kData, "another order"));
}

TEST(SchemaMatch, ComparesNamesWhereTheStoreKeepsNoSchema) {
  TableInfo stored = Stored(nullptr);
  stored.columns = {{"id", "bigint", true}, {"at", "bigint", true}};
  EXPECT_THAT(CheckSchemaMatches(*Spec().schema, stored), IsOk());
  stored.columns = {{"id", "bigint", true}, {"after", "bigint", true}};
  EXPECT_THAT(CheckSchemaMatches(*Spec().schema, stored),
              FailsWith(FailureKind::kData, "column at is not in the table; column after is only"));
  stored.columns = {{"at", "bigint", true}, {"id", "bigint", true}};
  EXPECT_THAT(CheckSchemaMatches(*Spec().schema, stored),
              FailsWith(FailureKind::kData, "another order"));
}

}  // namespace
}  // namespace ampload
