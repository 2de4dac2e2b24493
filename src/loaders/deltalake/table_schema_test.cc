#include "loaders/deltalake/table_schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "matchers.h"

namespace ampload::deltalake {
namespace {

using arrow::TimeUnit;

// The schema of the Delta protocol, "Schema Serialization Format", "Example".
constexpr char kExample[] =
    R"({"type":"struct","fields":[)"
    R"({"name":"a","type":"integer","nullable":false,"metadata":{}},)"
    R"({"name":"b","type":{"type":"struct","fields":[)"
    R"({"name":"d","type":"integer","nullable":false,"metadata":{}}]},"nullable":true,"metadata":{}},)"
    R"({"name":"c","type":{"type":"array","elementType":"integer","containsNull":false},)"
    R"("nullable":true,"metadata":{}},)"
    R"({"name":"e","type":{"type":"array","elementType":{"type":"struct","fields":[)"
    R"({"name":"d","type":"integer","nullable":false,"metadata":{}}]},"containsNull":true},)"
    R"("nullable":true,"metadata":{}},)"
    R"({"name":"f","type":{"type":"map","keyType":"string","valueType":"string",)"
    R"("valueContainsNull":true},"nullable":true,"metadata":{}}]})";

std::shared_ptr<arrow::Schema> Example() {
  const auto d = arrow::field("d", arrow::int32(), false);
  return arrow::schema(
      {arrow::field("a", arrow::int32(), false), arrow::field("b", arrow::struct_({d})),
       arrow::field("c", arrow::list(arrow::field("element", arrow::int32(), false))),
       arrow::field("e", arrow::list(arrow::field("element", arrow::struct_({d})))),
       arrow::field("f",
                    std::make_shared<arrow::MapType>(arrow::field("key", arrow::utf8(), false),
                                                     arrow::field("value", arrow::utf8(), true)))});
}

std::string OneColumn(const std::string& type, const std::string& metadata = "{}") {
  return R"({"type":"struct","fields":[{"name":"x","type":)" + type +
         R"(,"nullable":true,"metadata":)" + metadata + "}]}";
}

std::shared_ptr<arrow::Schema> OneField(const std::shared_ptr<arrow::DataType>& type) {
  return arrow::schema({arrow::field("x", type)});
}

TEST(DeltaSchema, OfTheProtocolsExampleIsReadAndWritten) {
  ASSERT_OK_AND_ASSIGN(const auto schema, SchemaFromJson(kExample, "file=f"));
  EXPECT_TRUE(schema->Equals(*Example(), true)) << schema->ToString();
  ASSERT_OK_AND_ASSIGN(const std::string json, SchemaToJson(*Example()));
  EXPECT_EQ(json, kExample);
}

TEST(DeltaSchema, EveryPrimitiveTypeGoesThereAndBack) {
  const std::pair<std::shared_ptr<arrow::DataType>, std::string> cases[] = {
      {arrow::boolean(), "boolean"},
      {arrow::int8(), "byte"},
      {arrow::int16(), "short"},
      {arrow::int32(), "integer"},
      {arrow::int64(), "long"},
      {arrow::float32(), "float"},
      {arrow::float64(), "double"},
      {arrow::decimal128(38, 18), "decimal(38,18)"},
      {arrow::decimal128(1, 0), "decimal(1,0)"},
      {arrow::utf8(), "string"},
      {arrow::binary(), "binary"},
      {arrow::date32(), "date"},
      {arrow::timestamp(TimeUnit::MICRO, "UTC"), "timestamp"},
      {arrow::timestamp(TimeUnit::MICRO), "timestamp_ntz"},
      {arrow::null(), "void"},
  };
  for (const auto& [type, name] : cases) {
    EXPECT_EQ(DeltaTypeName(*type), name);
    ASSERT_OK_AND_ASSIGN(const std::string json, SchemaToJson(*OneField(type)));
    EXPECT_EQ(json, OneColumn('"' + name + '"'));
    ASSERT_OK_AND_ASSIGN(const auto schema, SchemaFromJson(json, "file=f"));
    EXPECT_TRUE(schema->Equals(*OneField(type), true)) << schema->ToString();
  }
}

TEST(DeltaSchema, DecimalsOfOtherWritersAreRead) {
  ASSERT_OK_AND_ASSIGN(const auto spaced,
                       SchemaFromJson(OneColumn("\"decimal(10, 4)\""), "file=f"));
  EXPECT_TRUE(spaced->field(0)->type()->Equals(arrow::decimal128(10, 4)));
  ASSERT_OK_AND_ASSIGN(const auto bare, SchemaFromJson(OneColumn(R"("decimal")"), "file=f"));
  EXPECT_TRUE(bare->field(0)->type()->Equals(arrow::decimal128(10, 0)));
  for (const char* bad : {"decimal(39,0)", "decimal(4,5)", "decimal(0,0)", "decimal(4)",
                          "decimal(4,-1)", "decimal(4,1)x", "decimal(,1)", "decimal()"}) {
    EXPECT_THAT(SchemaFromJson(OneColumn('"' + std::string(bad) + '"'), "file=f"),
                FailsWith(FailureKind::kPermanent, "no such decimal: column=x type="))
        << bad;
  }
}

TEST(DeltaSchema, MetadataSurvivesAtEveryDepth) {
  const std::string metadata =
      R"({"delta.columnMapping.id":5,"comment":"ein Ä","nested":{"a":[1,null]}})";
  const std::string json = OneColumn(
      R"({"type":"array","elementType":{"type":"map","keyType":"string","valueType":)"
      R"({"type":"struct","fields":[{"name":"y","type":"long","nullable":true,"metadata":)" +
          metadata + R"(}]},"valueContainsNull":false},"containsNull":true})",
      metadata);
  ASSERT_OK_AND_ASSIGN(const auto schema, SchemaFromJson(json, "file=f"));
  ASSERT_OK_AND_ASSIGN(const std::string again, SchemaToJson(*schema));
  EXPECT_EQ(again, json);
}

TEST(DeltaSchema, TheArrowTypeOfAColumnInAnotherShapeIsKept) {
  const auto field =
      arrow::field("x", arrow::int64())
          ->WithMetadata(arrow::key_value_metadata({"ampload.arrow_type"}, {"time64[us]"}));
  ASSERT_OK_AND_ASSIGN(const std::string json, SchemaToJson(*arrow::schema({field})));
  EXPECT_EQ(json, OneColumn(R"("long")", R"({"ampload.arrow_type":"time64[us]"})"));
  ASSERT_OK_AND_ASSIGN(const auto schema, SchemaFromJson(json, "file=f"));
  EXPECT_EQ(schema->field(0)->metadata()->Get(kDeltaMetadata).ValueOr(""),
            R"({"ampload.arrow_type":"time64[us]"})");
  ASSERT_OK_AND_ASSIGN(const std::string again, SchemaToJson(*schema));
  EXPECT_EQ(again, json);
}

TEST(DeltaSchema, TypesThatAreNotReadAreNamed) {
  for (const char* type : {R"("variant")", "\"geometry(OGC:CRS84)\"", R"("timestamp_nanos")",
                           R"({"type":"udt","class":"x"})"}) {
    EXPECT_THAT(SchemaFromJson(OneColumn(type), "file=f"),
                FailsWith(FailureKind::kConfiguration, "does not read: column=x type="))
        << type;
  }
  EXPECT_THAT(
      SchemaFromJson(OneColumn(R"({"type":"array","elementType":"variant","containsNull":true})"),
                     "file=f"),
      FailsWith(FailureKind::kConfiguration, "column=x.element type=variant file=f"));
}

TEST(DeltaSchema, DamageIsSaid) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "it is no JSON object"},
      {"[]", "it is no JSON object"},
      {std::string(kExample).substr(0, 300), "it is no JSON object"},
      {R"({"type":"struct"})", "a struct has no fields"},
      {R"({"type":"struct","fields":[{}]})", "a field has no name"},
      {R"({"type":"struct","fields":[{"name":"x"}]})", "a field has no type: column=x"},
      {R"({"type":"struct","fields":[{"name":"x","type":"long"}]})", "the key nullable"},
      {OneColumn("7"), "a type is no text and no object: column=x"},
      {OneColumn(R"({"type":"array","containsNull":true})"), "elementType is missing: column=x"},
      {OneColumn(R"({"type":"map","keyType":"long","valueType":"long"})"), "valueContainsNull"},
      {OneColumn(R"("long")", "[]"), "metadata is no object: column=x"},
      {R"({"type":"struct","fields":[{"name":"x","type":"long","nullable":true,"metadata":{}},)"
       R"({"name":"X","type":"long","nullable":true,"metadata":{}}]})",
       "differ by their case alone"},
  };
  for (const auto& [json, text] : cases) {
    EXPECT_THAT(SchemaFromJson(json, "file=f"), FailsWith(FailureKind::kPermanent, text)) << json;
  }
  std::string deep;
  for (int i = 0; i < 2000; ++i) deep += R"({"type":"array","containsNull":true,"elementType":)";
  EXPECT_THAT(SchemaFromJson(OneColumn(deep + "\"long\"" + std::string(2000, '}')), "file=f"),
              FailsWith(FailureKind::kPermanent, "nested too deeply"));
}

TEST(DeltaSchema, WhatDeltaHasNotIsRefused) {
  for (const auto& type :
       {arrow::uint8(), arrow::large_utf8(), arrow::timestamp(TimeUnit::NANO),
        arrow::timestamp(TimeUnit::MICRO, "Europe/Berlin"), arrow::time64(TimeUnit::MICRO),
        arrow::decimal256(40, 0), arrow::decimal128(3, -1), arrow::fixed_size_binary(3)}) {
    EXPECT_THAT(SchemaToJson(*OneField(arrow::list(type))),
                FailsWith(FailureKind::kData, "Delta has no such type: column=x.element type="))
        << type->ToString();
  }
  const auto two = [](const char* first, const char* second) {
    return arrow::field("s", arrow::struct_({arrow::field(first, arrow::int64()),
                                             arrow::field(second, arrow::int64())}));
  };
  EXPECT_THAT(SchemaToJson(*arrow::schema({two("Größe", "GRÖßE")})),
              FailsWith(FailureKind::kData, "column=s.Größe other=s.GRÖßE"));
  EXPECT_THAT(SchemaToJson(*arrow::schema({two("a", "a")})),
              FailsWith(FailureKind::kData, "column=s.a other=s.a"));
  EXPECT_THAT(SchemaToJson(*arrow::schema({two("a", "b")})), IsOk());
}

// ---- Column mapping.

Metadata WithMode(const std::string& mode) {
  Metadata metadata;
  metadata.configuration["delta.columnMapping.mode"] = mode;
  return metadata;
}

TEST(DeltaColumnMapping, IsHonouredWhereTheProtocolHasIt) {
  const Protocol old{1, 2, {}, {}};
  const Protocol second{2, 5, {}, {}};
  const Protocol with{3, 7, {{"columnMapping"}}, {{"columnMapping"}}};
  const Protocol without{3, 7, {{"deletionVectors"}}, {{"deletionVectors"}}};
  const auto of = [](const Protocol& protocol, const std::string& mode) {
    return ColumnMappingOf(protocol, WithMode(mode)).ValueOrDie();
  };
  EXPECT_EQ(of(old, "name"), ColumnMapping::kNone);
  EXPECT_EQ(of(second, "name"), ColumnMapping::kName);
  EXPECT_EQ(of(second, "none"), ColumnMapping::kNone);
  EXPECT_EQ(of(with, "id"), ColumnMapping::kId);
  EXPECT_EQ(of(without, "id"), ColumnMapping::kNone);
  EXPECT_EQ(ColumnMappingOf(with, Metadata{}).ValueOrDie(), ColumnMapping::kNone);
  EXPECT_THAT(ColumnMappingOf(with, WithMode("hash")),
              FailsWith(FailureKind::kConfiguration, "delta.columnMapping.mode=hash"));
}

// The field of the Delta protocol, "Column Mapping".
constexpr char kMapped[] =
    R"({"type":"struct","fields":[{"name":"e","type":{"type":"array","elementType":)"
    R"({"type":"struct","fields":[{"name":"d","type":"integer","nullable":false,"metadata":)"
    R"({"delta.columnMapping.id":5,"delta.columnMapping.physicalName":"col-a7"}}]},)"
    R"("containsNull":true},"nullable":true,"metadata":)"
    R"({"delta.columnMapping.id":4,"delta.columnMapping.physicalName":"col-5f"}}]})";

std::string IdOf(const arrow::Field& field) {
  return field.metadata()->Get("PARQUET:field_id").ValueOr("none");
}

TEST(DeltaColumnMapping, GivesPhysicalNamesAndIdsAtEveryDepth) {
  ASSERT_OK_AND_ASSIGN(const auto schema, SchemaFromJson(kMapped, "file=f"));
  EXPECT_EQ(PhysicalName(*schema->field(0), ColumnMapping::kName), "col-5f");
  EXPECT_EQ(PhysicalName(*schema->field(0), ColumnMapping::kNone), "e");
  ASSERT_OK_AND_ASSIGN(const auto physical,
                       PhysicalSchema(*schema, ColumnMapping::kName, "file=f"));
  const auto& outer = *physical->field(0);
  EXPECT_EQ(outer.name(), "col-5f");
  EXPECT_EQ(IdOf(outer), "4");
  EXPECT_EQ(outer.type()->field(0)->name(), "element");
  const auto& inner = *outer.type()->field(0)->type()->field(0);
  EXPECT_EQ(inner.name(), "col-a7");
  EXPECT_EQ(IdOf(inner), "5");
  EXPECT_FALSE(inner.nullable());
  EXPECT_FALSE(inner.metadata()->Contains(kDeltaMetadata));
}

TEST(DeltaColumnMapping, NoneLeavesTheNamesAndDropsTheMetadata) {
  ASSERT_OK_AND_ASSIGN(const auto schema, SchemaFromJson(kMapped, "file=f"));
  ASSERT_OK_AND_ASSIGN(const auto physical,
                       PhysicalSchema(*schema, ColumnMapping::kNone, "file=f"));
  EXPECT_TRUE(physical->Equals(
      arrow::schema({arrow::field(
          "e", arrow::list(arrow::field(
                   "element", arrow::struct_({arrow::field("d", arrow::int32(), false)}))))}),
      /*check_metadata=*/true))
      << physical->ToString(true);
}

TEST(DeltaColumnMapping, RefusesAColumnWithoutANameOrAnId) {
  EXPECT_THAT(PhysicalSchema(*Example(), ColumnMapping::kId, "file=f"),
              FailsWith(FailureKind::kPermanent, "physical name or its id: column=a file=f"));
}

TEST(DeltaColumnMapping, NumbersNewColumnsAndTheirParts) {
  ASSERT_OK_AND_ASSIGN(const auto schema, SchemaFromJson(kMapped, "file=f"));
  int64_t max_id = 5;
  const auto added = arrow::field(
      "n", arrow::map(arrow::utf8(), arrow::struct_({arrow::field("p", arrow::int64())})), false);
  ASSERT_OK_AND_ASSIGN(const auto wider,
                       WithColumns(*schema, {added}, ColumnMapping::kName, &max_id));
  EXPECT_EQ(max_id, 7);
  ASSERT_EQ(wider->num_fields(), 2);
  EXPECT_TRUE(wider->field(1)->nullable());
  ASSERT_OK_AND_ASSIGN(const auto physical, PhysicalSchema(*wider, ColumnMapping::kId, "file=f"));
  const auto& column = *physical->field(1);
  EXPECT_EQ(IdOf(column), "6");
  EXPECT_THAT(column.name(), testing::MatchesRegex("col-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+-.*"));
  const auto& map = static_cast<const arrow::MapType&>(*column.type());
  EXPECT_EQ(IdOf(*map.item_type()->field(0)), "7");
  EXPECT_NE(map.item_type()->field(0)->name(), column.name());
}

TEST(DeltaColumnMapping, NewColumnsWithoutAMappingHaveNoneOfThat) {
  int64_t max_id = 0;
  ASSERT_OK_AND_ASSIGN(const auto wider,
                       WithColumns(*Example(), {arrow::field("n", arrow::int64(), false)},
                                   ColumnMapping::kNone, &max_id));
  EXPECT_EQ(max_id, 0);
  EXPECT_TRUE(wider->field(5)->Equals(arrow::field("n", arrow::int64()), true));
  EXPECT_THAT(
      WithColumns(*Example(), {arrow::field("A", arrow::int64())}, ColumnMapping::kNone, &max_id),
      FailsWith(FailureKind::kData, "column=A"));
}

// ---- Type widening.

// Each pair by hand from the Delta protocol, "Type Widening"; all others among these types are
// none.
TEST(DeltaWidening, IsWhatTheProtocolLists) {
  const std::vector<std::shared_ptr<arrow::DataType>> types = {
      arrow::int8(),
      arrow::int16(),
      arrow::int32(),
      arrow::int64(),
      arrow::float32(),
      arrow::float64(),
      arrow::date32(),
      arrow::timestamp(TimeUnit::MICRO),
      arrow::timestamp(TimeUnit::MICRO, "UTC"),
      arrow::utf8(),
      arrow::null(),
      arrow::decimal128(10, 0),
      arrow::decimal128(12, 2),
      arrow::decimal128(12, 3),
      arrow::decimal128(20, 0),
      arrow::decimal128(25, 5),
  };
  const std::set<std::string> listed = {
      "byte->short", "byte->integer", "byte->long", "short->integer", "short->long",
      "integer->long", "float->double", "byte->double", "short->double", "integer->double",
      "date->timestamp_ntz",
      // integers: 10 or 20 digits before the point
      "byte->decimal(10,0)", "short->decimal(10,0)", "integer->decimal(10,0)",
      "byte->decimal(12,2)", "short->decimal(12,2)", "integer->decimal(12,2)",
      "byte->decimal(20,0)", "short->decimal(20,0)", "integer->decimal(20,0)",
      "byte->decimal(25,5)", "short->decimal(25,5)", "integer->decimal(25,5)",
      "long->decimal(20,0)", "long->decimal(25,5)",
      // decimals: no digit fewer on either side
      "decimal(10,0)->decimal(12,2)", "decimal(10,0)->decimal(20,0)",
      "decimal(10,0)->decimal(25,5)", "decimal(12,2)->decimal(25,5)",
      "decimal(12,3)->decimal(25,5)", "decimal(20,0)->decimal(25,5)"};
  for (const auto& from : types) {
    for (const auto& to : types) {
      const std::string pair = DeltaTypeName(*from) + "->" + DeltaTypeName(*to);
      EXPECT_EQ(IsDeltaWidening(*from, *to), listed.contains(pair)) << pair;
    }
  }
}

TEST(DeltaWidening, IsNotedInTheColumnsMetadata) {
  const auto schema = OneField(arrow::int16());
  ASSERT_OK_AND_ASSIGN(const auto once, WithWidenedColumn(*schema, "x", arrow::int32()));
  ASSERT_OK_AND_ASSIGN(const auto twice, WithWidenedColumn(*once, "x", arrow::int64()));
  ASSERT_OK_AND_ASSIGN(const std::string json, SchemaToJson(*twice));
  EXPECT_EQ(json, OneColumn(R"("long")",
                            R"({"delta.typeChanges":[{"fromType":"short","toType":"integer"},)"
                            R"({"fromType":"integer","toType":"long"}]})"));
  EXPECT_THAT(WithWidenedColumn(*schema, "x", arrow::int8()),
              FailsWith(FailureKind::kData, "column=x from=short to=byte"));
  EXPECT_THAT(WithWidenedColumn(*schema, "y", arrow::int64()),
              FailsWith(FailureKind::kData, "column=y"));
}

}  // namespace
}  // namespace ampload::deltalake
