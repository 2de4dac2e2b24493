#include "loaders/deltalake/table_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ampload/batch_id.h"
#include "encode/lake_form.h"
#include "loaders/deltalake/features.h"
#include "loaders/deltalake/new_table.h"
#include "loaders/deltalake/schema_fit.h"
#include "matchers.h"

namespace ampload::deltalake {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::Pair;

constexpr auto kWrong = FailureKind::kConfiguration;
constexpr auto kData = FailureKind::kData;

DeltaLakeStorageConfig Config(ConfigMap options = {}) {
  options["path"] = "lake";
  auto config = ParseDeltaLakeConfig(options);
  EXPECT_THAT(config, IsOk());
  return config.ValueOr(DeltaLakeStorageConfig());
}

TableSpec Spec(arrow::FieldVector fields) {
  TableSpec spec;
  spec.name = "logs";
  spec.schema = arrow::schema(std::move(fields));
  return spec;
}

TableSpec Evolving(arrow::FieldVector fields) {
  auto spec = Spec(std::move(fields));
  spec.on_schema_change = SchemaPolicy::kEvolve;
  return spec;
}

TableSpec Streaming(arrow::FieldVector fields) {
  fields.push_back(arrow::field(kBatchIdColumn, arrow::int64()));
  auto spec = Spec(std::move(fields));
  spec.pipeline = "p";
  spec.streaming = true;
  return spec;
}

json Column(const std::string& name, const json& type, bool nullable = true,
            json metadata = json::object()) {
  return {
      {"name", name}, {"type", type}, {"nullable", nullable}, {"metadata", std::move(metadata)}};
}

// A table as another writer would have made it.
Snapshot Table(const std::vector<json>& columns, const TextMap& configuration = {},
               std::vector<std::string> partition_columns = {}, Protocol protocol = {}) {
  Metadata metadata;
  metadata.id = "5fba94ed-9794-4965-ba6e-6ee3c0d22af9";
  metadata.schema_string = json{{"type", "struct"}, {"fields", columns}}.dump();
  metadata.configuration = configuration;
  metadata.partition_columns = std::move(partition_columns);
  Snapshot table;
  EXPECT_THAT(table.Apply(0, {protocol, metadata}, "test"), IsOk());
  return table;
}

Protocol WithFeatures(std::vector<std::string> features) { return {3, 7, features, features}; }

Result<TableRules> New(const TableSpec& spec, const ConfigMap& options = {}) {
  return RulesFor(spec, Config(options), nullptr, true);
}

Result<TableRules> Into(const Snapshot& table, const TableSpec& spec,
                        const ConfigMap& options = {}) {
  return RulesFor(spec, Config(options), &table, false);
}

const arrow::FieldVector kRows = {arrow::field("id", arrow::uint32(), false),
                                  arrow::field("name", arrow::large_utf8())};

std::vector<json> RowsColumns() { return {Column("id", "long", false), Column("name", "string")}; }

TEST(NewTable, HasTheRowsColumnsInDeltasTypes) {
  ASSERT_OK_AND_ASSIGN(const auto rules, New(Spec(kRows)));
  ASSERT_TRUE(rules.metadata.has_value());
  EXPECT_EQ(json::parse(rules.metadata->schema_string),
            (json{{"type", "struct"}, {"fields", RowsColumns()}}));
  EXPECT_THAT(rules.metadata->configuration, IsEmpty());
  EXPECT_EQ(rules.protocol, (Protocol{1, 2, {}, {}}));
  EXPECT_TRUE(rules.stored->Equals(arrow::Schema(
      {arrow::field("id", arrow::int64(), false), arrow::field("name", arrow::utf8())})));
  EXPECT_EQ(rules.evolution, "");
  EXPECT_THAT(rules.metadata->id,
              testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                    "[0-9a-f]{12}"));
  ASSERT_OK_AND_ASSIGN(const auto other, New(Spec(kRows)));
  EXPECT_NE(other.metadata->id, rules.metadata->id);
}

TEST(NewTable, SaysWhatTypeALongStandsFor) {
  ASSERT_OK_AND_ASSIGN(const auto rules,
                       New(Spec({arrow::field("t", arrow::time64(arrow::TimeUnit::MICRO))})));
  const auto fields = json::parse(rules.metadata->schema_string)["fields"];
  EXPECT_EQ(fields[0]["type"], "long");
  EXPECT_EQ(fields[0]["metadata"][encode::kArrowTypeKey], "time64[us]");
}

TEST(NewTable, ListsTheFeatureOfATimestampWithoutAZone) {
  ASSERT_OK_AND_ASSIGN(const auto rules,
                       New(Spec({arrow::field("t", arrow::timestamp(arrow::TimeUnit::MICRO))})));
  EXPECT_EQ(rules.protocol->min_reader_version, 3);
  EXPECT_EQ(rules.protocol->min_writer_version, 7);
  EXPECT_TRUE(HasFeature(*rules.protocol, "timestampNtz"));
}

TEST(NewTable, IsPartitionedByColumnsThatItHas) {
  ASSERT_OK_AND_ASSIGN(const auto rules, New(Spec(kRows), {{"partition_by", "name"}}));
  EXPECT_THAT(rules.metadata->partition_columns, ElementsAre("name"));
  EXPECT_THAT(rules.partition_columns, ElementsAre("name"));
  EXPECT_THAT(New(Spec(kRows), {{"partition_by", "nam"}}), FailsWith(kWrong, "column=nam"));
  EXPECT_THAT(New(Spec(kRows), {{"partition_by", "name,id"}}), FailsWith(kWrong, "all columns"));
  EXPECT_THAT(New(Streaming(kRows), {{"partition_by", kBatchIdColumn}}),
              FailsWith(kWrong, "a folder of its own"));
  EXPECT_THAT(New(Spec({arrow::field("id", arrow::int64()),
                        arrow::field("tags", arrow::list(arrow::utf8()))}),
                  {{"partition_by", "tags"}}),
              FailsWith(kWrong, "tags"));
}

TEST(NewTable, MapsNamesThatParquetFilesOfDeltaCannotHave) {
  ASSERT_OK_AND_ASSIGN(
      const auto rules,
      New(Spec({arrow::field("block number", arrow::int64(), false),
                arrow::field("s", arrow::struct_({arrow::field("x", arrow::int32())}))})));
  EXPECT_EQ(rules.mapping, ColumnMapping::kName);
  EXPECT_THAT(rules.metadata->configuration,
              testing::IsSupersetOf({Pair("delta.columnMapping.mode", "name"),
                                     Pair("delta.columnMapping.maxColumnId", "3")}));
  EXPECT_TRUE(HasFeature(*rules.protocol, "columnMapping"));
  const auto fields = json::parse(rules.metadata->schema_string)["fields"];
  EXPECT_EQ(fields[0]["name"], "block number");
  EXPECT_EQ(fields[0]["nullable"], false);
  EXPECT_EQ(fields[0]["metadata"]["delta.columnMapping.id"], 1);
  EXPECT_TRUE(fields[0]["metadata"]["delta.columnMapping.physicalName"].is_string());
  EXPECT_TRUE(fields[1]["type"]["fields"][0]["metadata"]["delta.columnMapping.id"].is_number());

  EXPECT_THAT(New(Spec({arrow::field("a;b", arrow::int64())}),
                  {{"properties", "delta.columnMapping.mode=none"}}),
              FailsWith(kWrong, "column=a;b"));
  for (const char* name : {"a,b", "a b", "{", "}", "(", ")", "a\nb", "a\tb", "a=b"}) {
    EXPECT_FALSE(IsPlainColumnName(name)) << name;
  }
  for (const char* name : {"a.b", "ä", "`", "a-b", "_x"}) EXPECT_TRUE(IsPlainColumnName(name));
}

TEST(NewTable, MapsByIdWhereThatIsAskedFor) {
  ASSERT_OK_AND_ASSIGN(const auto rules,
                       New(Spec(kRows), {{"properties", "delta.columnMapping.mode=id"}}));
  EXPECT_EQ(rules.mapping, ColumnMapping::kId);
  EXPECT_THAT(rules.metadata->configuration, Contains(Pair("delta.columnMapping.mode", "id")));
}

TEST(NewTable, ListsTheFeaturesOfItsProperties) {
  ASSERT_OK_AND_ASSIGN(
      const auto rules,
      New(Spec(kRows),
          {{"properties", "delta.enableTypeWidening=true,delta.appendOnly=true,x=y"}}));
  EXPECT_TRUE(HasFeature(*rules.protocol, "typeWidening"));
  EXPECT_THAT(rules.metadata->configuration,
              ElementsAre(Pair("delta.appendOnly", "true"),
                          Pair("delta.enableTypeWidening", "true"), Pair("x", "y")));
  EXPECT_THAT(New(Streaming(kRows), {{"properties", "delta.appendOnly=true"}}),
              FailsWith(kWrong, "appendOnly"));
}

TEST(NewTable, IsNotMadeWhereThatIsNotWanted) {
  auto spec = Spec(kRows);
  spec.create_table = false;
  EXPECT_THAT(New(spec), FailsWith(kWrong, "missing and is not to be made: table=logs"));
}

TEST(Rows, WithKeysOrWithoutColumnsAreRefused) {
  auto spec = Spec(kRows);
  spec.keys = {"id"};
  EXPECT_THAT(New(spec), FailsWith(kWrong, "leave --key out"));
  EXPECT_THAT(New(Spec({})), FailsWith(kData, "no columns"));
}

TEST(Rows, OfTypesThatDeltaCannotKeepAreRefusedByColumn) {
  EXPECT_THAT(
      New(Spec({arrow::field("u", arrow::sparse_union({arrow::field("i", arrow::int32())}))})),
      FailsWith(kData, "u"));
}

TEST(Rows, WhoseNamesDifferInCaseAloneAreRefused) {
  EXPECT_THAT(New(Spec({arrow::field("a", arrow::int64()), arrow::field("A", arrow::int64())})),
              FailsWith(kData, "columns=[a, A]"));
  EXPECT_THAT(Into(Table({Column("id", "long")}), Evolving({arrow::field("ID", arrow::int64())})),
              FailsWith(kData, "ID is id in the table"));
}

TEST(ATable, TakesRowsOfItsColumns) {
  const auto table = Table(RowsColumns());
  ASSERT_OK_AND_ASSIGN(const auto rules, Into(table, Spec(kRows)));
  EXPECT_FALSE(rules.metadata.has_value());
  EXPECT_FALSE(rules.protocol.has_value());
  EXPECT_EQ(rules.evolution, "");
  EXPECT_TRUE(rules.table->Equals(*table.schema));
}

TEST(ATable, StoresColumnsInItsOwnOrderAndOnlyThoseThatTheRowsHave) {
  const auto table = Table({Column("a", "long"), Column("b", "string"), Column("c", "long")});
  ASSERT_OK_AND_ASSIGN(
      const auto rules,
      Into(table, Spec({arrow::field("c", arrow::int64()), arrow::field("a", arrow::int64())})));
  EXPECT_THAT(rules.stored->field_names(), ElementsAre("a", "c"));
  EXPECT_THAT(rules.table->field_names(), ElementsAre("a", "b", "c"));
}

TEST(ATable, StoresItsPartitionColumnsInAnyCase) {
  const auto table = Table({Column("a", "long"), Column("p", "string")}, {}, {"p"});
  ASSERT_OK_AND_ASSIGN(const auto rules, Into(table, Spec({arrow::field("a", arrow::int64())})));
  EXPECT_THAT(rules.stored->field_names(), ElementsAre("a", "p"));
  EXPECT_THAT(Into(table, Spec({arrow::field("p", arrow::utf8())})),
              FailsWith(kData, "partitioned by"));
  EXPECT_THAT(Into(table, Spec({arrow::field("a", arrow::int64())}), {{"partition_by", "p"}}),
              IsOk());
  EXPECT_THAT(Into(table, Spec({arrow::field("a", arrow::int64())}), {{"partition_by", "a"}}),
              FailsWith(kWrong, "table's=p"));
}

TEST(ATable, ThatIsNeverNullMakesANullABadRow) {
  const auto table = Table({Column("a", "long", false)});
  ASSERT_OK_AND_ASSIGN(const auto rules, Into(table, Spec({arrow::field("a", arrow::int64())})));
  EXPECT_FALSE(rules.stored->field(0)->nullable());
  EXPECT_THAT(Into(table, Spec({arrow::field("b", arrow::int64())})), FailsWith(kData, "column a"));
}

TEST(ATable, GainsColumnsWhereThePolicySaysSo) {
  const auto table = Table({Column("id", "long")});
  const arrow::FieldVector rows = {arrow::field("id", arrow::int64()),
                                   arrow::field("fee", arrow::decimal128(10, 2), false)};
  EXPECT_THAT(Into(table, Spec(rows)), FailsWith(kData, "evolve=[adds fee"));
  ASSERT_OK_AND_ASSIGN(const auto rules, Into(table, Evolving(rows)));
  EXPECT_THAT(rules.evolution, HasSubstr("adds fee"));
  ASSERT_TRUE(rules.metadata.has_value());
  EXPECT_EQ(rules.metadata->id, table.metadata.id);
  EXPECT_EQ(json::parse(rules.metadata->schema_string)["fields"],
            (json{Column("id", "long"), Column("fee", "decimal(10,2)")}));
  EXPECT_FALSE(rules.protocol.has_value());
  EXPECT_THAT(rules.stored->field_names(), ElementsAre("id", "fee"));
}

TEST(ATable, WithColumnMappingGivesNewColumnsNamesAndIdsOfTheirOwn) {
  const auto table = Table(
      {Column("id", "long", true,
              {{"delta.columnMapping.id", 7}, {"delta.columnMapping.physicalName", "col-7"}})},
      {{"delta.columnMapping.mode", "name"}, {"delta.columnMapping.maxColumnId", "9"}}, {},
      {2, 5, {}, {}});
  ASSERT_OK_AND_ASSIGN(const auto rules,
                       Into(table, Evolving({arrow::field("id", arrow::int64()),
                                             arrow::field("a b", arrow::int64())})));
  const auto fields = json::parse(rules.metadata->schema_string)["fields"];
  EXPECT_EQ(fields[0]["metadata"]["delta.columnMapping.physicalName"], "col-7");
  EXPECT_EQ(fields[1]["metadata"]["delta.columnMapping.id"], 10);
  EXPECT_THAT(rules.metadata->configuration,
              Contains(Pair("delta.columnMapping.maxColumnId", "10")));
  EXPECT_THAT(Into(Table({Column("id", "long")}), Evolving({arrow::field("id", arrow::int64()),
                                                            arrow::field("a b", arrow::int64())})),
              FailsWith(kData, "no column mapping"));
}

TEST(ATable, WidensOnlyWhereItAllowsThat) {
  const std::vector<json> columns = {Column("id", "integer"), Column("x", "long")};
  const arrow::FieldVector rows = {arrow::field("id", arrow::int64()),
                                   arrow::field("x", arrow::int64())};
  EXPECT_THAT(Into(Table(columns), Evolving(rows)),
              FailsWith(kData, "set its property delta.enableTypeWidening"));
  const auto protocol = WithFeatures({"typeWidening"});
  EXPECT_THAT(Into(Table(columns, {}, {}, protocol), Evolving(rows)), FailsWith(kData, "id would"));
  const auto table = Table(columns, {{"delta.enableTypeWidening", "true"}}, {}, protocol);
  EXPECT_THAT(Into(table, Spec(rows)), FailsWith(kData, "widens id"));
  ASSERT_OK_AND_ASSIGN(const auto rules, Into(table, Evolving(rows)));
  const auto field = json::parse(rules.metadata->schema_string)["fields"][0];
  EXPECT_EQ(field["type"], "long");
  EXPECT_EQ(field["metadata"]["delta.typeChanges"][0]["fromType"], "integer");
  EXPECT_TRUE(rules.stored->field(0)->type()->Equals(arrow::int64()));
}

TEST(ATable, TakesNarrowerValuesAsItsOwnType) {
  const auto table = Table({Column("id", "long")});
  ASSERT_OK_AND_ASSIGN(const auto rules,
                       Into(table, Evolving({arrow::field("id", arrow::int8())})));
  EXPECT_FALSE(rules.metadata.has_value());
  EXPECT_EQ(rules.evolution, "");
  EXPECT_TRUE(rules.stored->field(0)->type()->Equals(arrow::int64()));
  EXPECT_THAT(Into(table, Evolving({arrow::field("id", arrow::utf8())})),
              FailsWith(kData, "column id is int64 in the table, string in the rows"));
}

TEST(ATable, WithAVoidColumnGetsItsTypeFromTheRows) {
  const auto table = Table({Column("a", "long"), Column("v", "void")});
  ASSERT_OK_AND_ASSIGN(
      const auto rules,
      Into(table, Evolving({arrow::field("a", arrow::int64()), arrow::field("v", arrow::utf8())})));
  EXPECT_EQ(json::parse(rules.metadata->schema_string)["fields"][1], Column("v", "string"));
}

TEST(ATable, TakesNestedRowsThatAreNeverNullWhereItsOwnMayBe) {
  const json type = {{"type", "array"}, {"elementType", "long"}, {"containsNull", true}};
  const auto table = Table({Column("l", type)});
  const auto inner = [](bool nullable) {
    return arrow::list(arrow::field("item", arrow::int64(), nullable));
  };
  ASSERT_OK_AND_ASSIGN(const auto rules, Into(table, Spec({arrow::field("l", inner(false))})));
  EXPECT_TRUE(rules.stored->Equals(*table.schema));
  const json strict = {{"type", "array"}, {"elementType", "long"}, {"containsNull", false}};
  EXPECT_THAT(Into(Table({Column("l", strict)}), Spec({arrow::field("l", inner(true))})),
              FailsWith(kData, "column l"));
}

TEST(ATable, OfTimesAsLongsTakesNoOtherUnit) {
  const auto table =
      Table({Column("t", "long", true, json::object({{encode::kArrowTypeKey, "time64[us]"}}))});
  const auto time = [](arrow::TimeUnit::type unit) {
    return Spec({arrow::field(
        "t", unit == arrow::TimeUnit::SECOND ? arrow::time32(unit) : arrow::time64(unit))});
  };
  EXPECT_THAT(Into(table, time(arrow::TimeUnit::MICRO)), IsOk());
  EXPECT_THAT(Into(table, time(arrow::TimeUnit::SECOND)),
              FailsWith(kData, "time64[us] kept as long in the table, time32[s] kept as"));
  EXPECT_THAT(Into(table, Spec({arrow::field("t", arrow::int64())})),
              FailsWith(kData, "time64[us] kept as long in the table, long in the rows"));
  EXPECT_THAT(Into(Table({Column("t", "long")}), time(arrow::TimeUnit::MICRO)),
              FailsWith(kData, "long in the table, time64[us] kept as long in the rows"));
}

TEST(ATable, OfListsOfTimesTakesNoOtherUnit) {
  const auto times = [](const std::shared_ptr<arrow::DataType>& type) {
    return arrow::field("l", arrow::struct_({arrow::field("x", arrow::list(type))}));
  };
  const auto micro = times(arrow::time64(arrow::TimeUnit::MICRO));
  ASSERT_OK_AND_ASSIGN(const auto made, New(Spec({micro})));
  const auto said = json::parse(made.metadata->schema_string)["fields"][0]["type"]["fields"][0];
  EXPECT_EQ(said["metadata"][encode::kArrowTypeKey], "list<element: time64[us]>");
  Snapshot table;
  ASSERT_THAT(table.Apply(0, {*made.protocol, *made.metadata}, "test"), IsOk());
  EXPECT_THAT(Into(table, Spec({micro})), IsOk());
  EXPECT_THAT(Into(table, Spec({times(arrow::time32(arrow::TimeUnit::SECOND))})),
              FailsWith(kData, "column l"));
  EXPECT_THAT(Into(table, Spec({times(arrow::int64())})), FailsWith(kData, "column l"));
}

TEST(ATable, TakesRowsOfEveryNestedTypeThatItWasMadeOf) {
  const auto spec = Spec(
      {arrow::field("l", arrow::list(arrow::list(arrow::int32()))),
       arrow::field("m", arrow::map(arrow::utf8(), arrow::struct_({arrow::field(
                                                       "a", arrow::list(arrow::int64()), false)}))),
       arrow::field(
           "s", arrow::struct_({arrow::field("x", arrow::map(arrow::int32(), arrow::utf8()))}))});
  ASSERT_OK_AND_ASSIGN(const auto made, New(spec));
  Snapshot table;
  ASSERT_THAT(table.Apply(0, {*made.protocol, *made.metadata}, "test"), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto rules, Into(table, spec));
  EXPECT_TRUE(rules.stored->Equals(*made.stored, /*check_metadata=*/true));
}

TEST(ATable, GrowsItsProtocolForATypeThatNeedsIt) {
  ASSERT_OK_AND_ASSIGN(
      const auto rules,
      Into(Table({Column("a", "long")}),
           Evolving({arrow::field("a", arrow::int64()),
                     arrow::field("t", arrow::timestamp(arrow::TimeUnit::MICRO))})));
  ASSERT_TRUE(rules.protocol.has_value());
  EXPECT_TRUE(HasFeature(*rules.protocol, "timestampNtz"));
  EXPECT_TRUE(HasFeature(*rules.protocol, "appendOnly"));  // what writer version 2 stood for
  EXPECT_THAT(rules.evolution, HasSubstr("protocol"));
}

TEST(AStream, GivesAnEmptyTableItsColumnWhateverThePolicy) {
  const auto table = Table(RowsColumns());
  const auto spec = Streaming(kRows);
  ASSERT_OK_AND_ASSIGN(const auto rules, RulesFor(spec, Config(), &table, true));
  EXPECT_THAT(rules.table->field_names(), ElementsAre("id", "name", kBatchIdColumn));
  EXPECT_THAT(rules.evolution, HasSubstr(kBatchIdColumn));
  EXPECT_THAT(RulesFor(spec, Config(), &table, false),
              FailsWith(kData, "the table has rows and no column for a stream's batches"));
  auto evolving = spec;
  evolving.on_schema_change = SchemaPolicy::kEvolve;
  EXPECT_THAT(RulesFor(evolving, Config(), &table, false), IsOk());
  auto overwriting = spec;
  overwriting.mode = LoadMode::kOverwrite;
  EXPECT_THAT(RulesFor(overwriting, Config(), &table, false), IsOk());
}

TEST(AStream, IsRefusedWhereRowsMayNotBeRemoved) {
  const auto table =
      Table({Column("id", "long", false), Column("name", "string"), Column(kBatchIdColumn, "long")},
            {{"delta.appendOnly", "true"}});
  EXPECT_THAT(Into(table, Streaming(kRows)), FailsWith(kWrong, "appendOnly"));
  EXPECT_THAT(Into(table, Spec(kRows)), IsOk());
  auto overwrite = Spec(kRows);
  overwrite.mode = LoadMode::kOverwrite;
  EXPECT_THAT(Into(table, overwrite), FailsWith(kWrong, "appendOnly"));
}

TEST(AnOverwrite, ChangesColumnsOnlyWhereThePolicySaysSo) {
  const auto table = Table({Column("id", "string"), Column("old", "long", false)});
  auto spec = Spec(kRows);
  spec.mode = LoadMode::kOverwrite;
  EXPECT_THAT(Into(table, spec),
              FailsWith(kData,
                        "deltalake: an overwrite keeps the table's columns, and the rows have "
                        "others; give --on-schema-change evolve"));
  EXPECT_THAT(Into(table, spec),
              FailsWith(kData,
                        "differences=[column old (int64) is missing in the rows; column id is "
                        "string in the table, int64 in the rows; adds name (string)]"));
  EXPECT_THAT(Into(Table({Column("ID", "long"), Column("name", "string")}), spec),
              FailsWith(kData, "differences=[id is ID in the table]"));
  spec.on_schema_change = SchemaPolicy::kEvolve;
  ASSERT_OK_AND_ASSIGN(const auto rules, Into(table, spec));
  EXPECT_EQ(json::parse(rules.metadata->schema_string)["fields"], json(RowsColumns()));
  EXPECT_EQ(rules.metadata->id, table.metadata.id);
}

TEST(Undo, NeedsNoRowsThatFit) {
  const auto table = Table({Column("id", "string"), Column(kBatchIdColumn, "long")});
  auto spec = Streaming({arrow::field("other", arrow::int64(), false)});
  spec.undo_only = true;
  ASSERT_OK_AND_ASSIGN(const auto rules, Into(table, spec));
  EXPECT_FALSE(rules.metadata.has_value());
  EXPECT_TRUE(rules.table->Equals(*table.schema));
}

arrow::FieldVector Many(int count) {
  arrow::FieldVector fields;
  for (int i = 0; i < count; ++i) {
    fields.push_back(arrow::field("c" + std::to_string(i), arrow::int64()));
  }
  return fields;
}

TEST(StatisticsOfBatches, AreAskedForByNameBehindThe32ndColumn) {
  const auto columns_of = [](const TableSpec& spec, const ConfigMap& options) {
    const auto rules = New(spec, options);
    EXPECT_THAT(rules, IsOk());
    const auto& configuration = rules->metadata->configuration;
    const auto at = configuration.find("delta.dataSkippingStatsColumns");
    return at == configuration.end() ? std::string("none") : at->second;
  };
  EXPECT_EQ(columns_of(Streaming(Many(31)), {}), "none");
  const auto named = columns_of(Streaming(Many(32)), {});
  EXPECT_EQ(std::count(named.begin(), named.end(), ','), 31);
  EXPECT_TRUE(named.starts_with("c0,c1,"));
  EXPECT_TRUE(named.ends_with(",c30,_amp_batch_id"));
  EXPECT_EQ(columns_of(Spec(Many(40)), {}), "none");
  EXPECT_EQ(columns_of(Streaming(Many(32)), {{"partition_by", "c3"}}), "none");
  EXPECT_EQ(
      columns_of(Streaming(Many(40)), {{"properties", "delta.dataSkippingNumIndexedCols=-1"}}),
      "none");
  EXPECT_EQ(columns_of(Streaming(Many(2)), {{"properties", "delta.dataSkippingNumIndexedCols=0"}}),
            "_amp_batch_id");
  EXPECT_EQ(columns_of(Streaming(Many(2)), {{"properties", "delta.dataSkippingStatsColumns=c1"}}),
            "c1,_amp_batch_id");
}

TEST(StatisticsOfBatches, CountFieldsOfStructsAsColumns) {
  const auto wide = arrow::struct_(Many(30));
  const auto schema =
      arrow::schema({arrow::field("b", arrow::binary()), arrow::field("s.t", wide),
                     arrow::field("x y", arrow::int64()), arrow::field("z", arrow::int64()),
                     arrow::field(kBatchIdColumn, arrow::int64())});
  const auto named = StatsColumnsFor(*schema, {}, {});
  ASSERT_TRUE(named.has_value());
  EXPECT_TRUE(named->starts_with("`s.t`.c0,`s.t`.c1,"));
  EXPECT_TRUE(named->ends_with("`s.t`.c28,`s.t`.c29,_amp_batch_id"));
}

}  // namespace
}  // namespace ampload::deltalake
