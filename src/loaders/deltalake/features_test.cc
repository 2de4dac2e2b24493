#include "loaders/deltalake/features.h"

#include <gtest/gtest.h>

#include "loaders/deltalake/actions_for_test.h"
#include "matchers.h"

namespace ampload::deltalake {
namespace {

using Names = std::vector<std::string>;

Protocol Named(Names readers, Names writers) {
  return {3, 7, std::move(readers), std::move(writers)};
}

Metadata With(const TextMap& configuration) {
  Metadata metadata = MetadataForTest();
  metadata.configuration = configuration;
  return metadata;
}

Metadata WithColumn(const std::string& column_metadata) {
  Metadata metadata = MetadataForTest();
  metadata.schema_string = R"({"type":"struct","fields":[{"name":"a","type":{"type":"struct",)"
                           R"("fields":[{"name":"n","type":"long","nullable":true,"metadata":)" +
                           column_metadata + R"(}]},"nullable":true,"metadata":{}}]})";
  return metadata;
}

TEST(AFeature, IsThereByNameOrByAnOldVersion) {
  EXPECT_TRUE(HasFeature({1, 2}, "appendOnly"));
  EXPECT_FALSE(HasFeature({1, 2}, "checkConstraints"));
  EXPECT_TRUE(HasFeature({2, 5}, "columnMapping"));
  EXPECT_TRUE(HasFeature({2, 6}, "identityColumns"));
  EXPECT_FALSE(HasFeature(Named({}, {}), "appendOnly"));
  EXPECT_TRUE(HasFeature(Named({}, {"appendOnly"}), "appendOnly"));
  EXPECT_FALSE(HasFeature({1, 6}, "deletionVectors"));
}

TEST(ATable, IsReadByEveryVersionAndFeatureThatIsKnown) {
  EXPECT_THAT(CheckReadable({1, 2}, MetadataForTest(), "t"), IsOk());
  EXPECT_THAT(CheckReadable({2, 6}, MetadataForTest(), "t"), IsOk());
  EXPECT_THAT(CheckReadable(Named({"columnMapping", "deletionVectors", "timestampNtz",
                                   "v2Checkpoint", "vacuumProtocolCheck", "typeWidening"},
                                  {}),
                            MetadataForTest(), "t"),
              IsOk());
  // A feature for writers alone does not stand in a reader's way.
  EXPECT_THAT(CheckReadable(Named({}, {"rowTracking", "somethingNew"}), MetadataForTest(), "t"),
              IsOk());
}

TEST(ATable, IsNotReadWhereItNeedsWhatIsNotKnown) {
  EXPECT_THAT(CheckReadable({4, 7}, MetadataForTest(), "table=t"),
              FailsWith(FailureKind::kConfiguration, "minReaderVersion=4"));
  EXPECT_THAT(
      CheckReadable(Named({"columnMapping", "variantType", "new"}, {}), MetadataForTest(), "t"),
      FailsWith(FailureKind::kConfiguration, "features=[variantType, new]"));
  auto metadata = MetadataForTest();
  metadata.format_provider = "orc";
  EXPECT_THAT(CheckReadable({1, 2}, metadata, "t"),
              FailsWith(FailureKind::kConfiguration, "format=orc"));
}

TEST(ATable, IsNotWrittenWhereItNeedsWhatIsNotKnown) {
  EXPECT_THAT(CheckWritable({1, 8}, MetadataForTest(), {}, "t"),
              FailsWith(FailureKind::kConfiguration, "minWriterVersion=8"));
  EXPECT_THAT(CheckWritable(Named({}, {"rowTracking", "new"}), MetadataForTest(), {}, "t"),
              FailsWith(FailureKind::kConfiguration, "features=[rowTracking, new]"));
}

TEST(ATable, IsWrittenWhereItOnlyListsAFeature) {
  const auto all = Named({}, {"appendOnly", "invariants", "checkConstraints", "changeDataFeed",
                              "generatedColumns", "identityColumns", "allowColumnDefaults",
                              "domainMetadata", "inCommitTimestamp", "icebergCompatV1"});
  EXPECT_THAT(CheckWritable(all, MetadataForTest(), {.removes_rows = true}, "t"), IsOk());
}

TEST(ATable, IsNotWrittenWhereItAsksForMoreThanWeDo) {
  const auto refused = [](const Metadata& metadata, const std::string& asked) {
    EXPECT_THAT(CheckWritable({1, 6}, metadata, {}, "t"),
                FailsWith(FailureKind::kConfiguration, asked));
  };
  refused(With({{"delta.constraints.even", "n % 2 = 0"}}),
          "asked=[the CHECK constraint even (n % 2 = 0): a sign that is not known at 3]");
  refused(With({{"delta.enableIcebergCompatV2", "true"}}), "delta.enableIcebergCompatV2");
  refused(WithColumn(R"({"delta.invariants":"{}"})"),
          "an invariant of a field within a column: a.n");
  refused(WithColumn(R"({"delta.generationExpression":"1"})"), "a generated column");
  refused(WithColumn(R"({"delta.identity.start":1})"), "an identity column");
  refused(WithColumn(R"({"CURRENT_DEFAULT":"1"})"), "a column with a default value");
  EXPECT_THAT(CheckWritable({1, 6}, With({{"delta.constraints.positive", "n > 0"}}), {}, "t"),
              IsOk());
  // Who adds no rows does not break them.
  EXPECT_THAT(
      CheckWritable({1, 6}, WithColumn(R"({"delta.invariants":"{}"})"), {.adds_rows = false}, "t"),
      IsOk());
}

Metadata OfType(const std::string& type, const std::string& column_metadata = "{}") {
  Metadata metadata = MetadataForTest();
  metadata.schema_string =
      R"({"type":"struct","fields":[{"name":"n","type":"long","nullable":true,"metadata":{}},)"
      R"({"name":"c","type":)" +
      type + R"(,"nullable":true,"metadata":)" + column_metadata + "}]}";
  return metadata;
}

TEST(ATable, IsNotWrittenWithAVoidTypeWithinAnother) {
  const std::string only_void =
      R"({"type":"struct","fields":[{"name":"v","type":"void","nullable":true,"metadata":{}}]})";
  for (const std::string type :
       {R"({"type":"array","elementType":"void","containsNull":true})",
        R"({"type":"map","keyType":"string","valueType":"void","valueContainsNull":true})",
        R"({"type":"array","elementType":{"type":"struct","fields":[)"
        R"({"name":"a","type":"long","nullable":true,"metadata":{}},)"
        R"({"name":"v","type":"void","nullable":true,"metadata":{}}]},"containsNull":true})",
        only_void.c_str()}) {
    EXPECT_THAT(CheckWritable({1, 2}, OfType(type), {}, "t"),
                FailsWith(FailureKind::kConfiguration, "asked=[a void type within another]"))
        << type;
    EXPECT_THAT(CheckReadable({1, 2}, OfType(type), "t"), IsOk());
  }
  EXPECT_THAT(CheckWritable({1, 2}, OfType("\"void\""), {}, "t"), IsOk());
  EXPECT_THAT(CheckWritable({1, 2},
                            OfType(R"({"type":"struct","fields":[)"
                                   R"({"name":"a","type":"long","nullable":true,"metadata":{}},)"
                                   R"({"name":"v","type":"void","nullable":true,"metadata":{}}]})"),
                            {}, "t"),
              IsOk());
}

TEST(ATable, IsReadAfterTheTypeChangesThatAreListed) {
  const auto widened = Named({"typeWidening"}, {"typeWidening"});
  const auto changed = [](const std::string& from, const std::string& to) {
    return OfType(
        R"({"type":"array","elementType":{"type":"struct","fields":[{"name":"x","type":)" + to +
        R"(,"nullable":true,"metadata":{"delta.typeChanges":[{"fromType":)" + from +
        R"(,"toType":)" + to + R"(}]}}]},"containsNull":true})");
  };
  EXPECT_THAT(CheckReadable(widened, changed("\"short\"", "\"long\""), "t"), IsOk());
  EXPECT_THAT(CheckReadable(widened, changed("\"decimal(6, 2)\"", "\"decimal(10, 4)\""), "t"),
              IsOk());
  for (const auto& [from, to] : {std::pair{"\"long\"", "\"string\""}, {"\"byte\"", "\"later\""}}) {
    EXPECT_THAT(CheckReadable(widened, changed(from, to), "table=t"),
                FailsWith(FailureKind::kConfiguration,
                          "changes=[" + std::string(from) + " to " + to + "]: table=t"));
  }
  // Without the feature they are somebody's notes.
  EXPECT_THAT(CheckReadable({1, 2}, changed("\"long\"", "\"string\""), "t"), IsOk());
}

TEST(AnAppendOnlyTable, KeepsItsRows) {
  const auto metadata = With({{"delta.appendOnly", "true"}});
  EXPECT_THAT(CheckWritable({1, 2}, metadata, {}, "t"), IsOk());
  EXPECT_THAT(CheckWritable({1, 2}, metadata, {.removes_rows = true}, "t"),
              FailsWith(FailureKind::kConfiguration, "append-only"));
  EXPECT_THAT(CheckWritable({1, 2}, metadata, {.streams = true}, "t"),
              FailsWith(FailureKind::kConfiguration, "append-only"));
  // The property means something where the feature is there.
  EXPECT_THAT(CheckWritable(Named({}, {}), metadata, {.removes_rows = true}, "t"), IsOk());
}

TEST(AChangeDataFeed, IsNotServedByAStream) {
  const auto metadata = With({{"delta.enableChangeDataFeed", "true"}});
  EXPECT_THAT(CheckWritable({1, 4}, metadata, {.removes_rows = true}, "t"), IsOk());
  EXPECT_THAT(CheckWritable({1, 4}, metadata, {.streams = true}, "t"),
              FailsWith(FailureKind::kConfiguration, "change data feed"));
}

TEST(ANewTable, AsksForNoMoreThanItNeeds) {
  const auto plain = arrow::schema({arrow::field("n", arrow::int64())});
  EXPECT_EQ(ProtocolFor(*plain, {}), (Protocol{1, 2, {}, {}}));
  const auto with = arrow::schema({arrow::field(
      "s", arrow::struct_({arrow::field("t", arrow::timestamp(arrow::TimeUnit::MICRO))}))});
  EXPECT_EQ(ProtocolFor(*with, {}), (Protocol{3, 7, Names{"timestampNtz"},
                                              Names{"appendOnly", "invariants", "timestampNtz"}}));
}

TEST(AProtocolWithOneFeatureMore, ListsWhatTheOldVersionsStoodFor) {
  EXPECT_EQ(WithFeature({2, 5}, "deletionVectors"),
            (Protocol{3, 7, Names{"columnMapping", "deletionVectors"},
                      Names{"appendOnly", "invariants", "checkConstraints", "changeDataFeed",
                            "generatedColumns", "columnMapping", "deletionVectors"}}));
  EXPECT_EQ(WithFeature({1, 2}, "inCommitTimestamp"),
            (Protocol{1, 7, {}, Names{"appendOnly", "invariants", "inCommitTimestamp"}}));
  const auto named = Named({"timestampNtz"}, {"timestampNtz"});
  EXPECT_EQ(WithFeature(named, "timestampNtz"), named);
  EXPECT_EQ(WithFeature(named, "domainMetadata"),
            Named({"timestampNtz"}, {"timestampNtz", "domainMetadata"}));
}

}  // namespace
}  // namespace ampload::deltalake
