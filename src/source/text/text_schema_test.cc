#include "source/text/text_schema.h"

#include "source/text/text_for_test.h"

namespace ampload::source {
namespace {

Result<std::shared_ptr<arrow::Schema>> UniteCsv(const std::vector<std::string>& texts,
                                                const TextOptions& options = {}) {
  std::vector<FileSchema> files;
  for (const auto& text : texts) {
    const auto path = "f" + std::to_string(files.size());
    ARROW_ASSIGN_OR_RAISE(auto schema, InferCsvSchema(text, true, options, path));
    files.push_back({path, std::move(schema)});
  }
  return UniteTextSchemas(files, TextFormat::kCsv, options);
}

Result<std::shared_ptr<arrow::Schema>> UniteNdjson(const std::vector<std::string>& texts,
                                                   const TextOptions& options = {}) {
  std::vector<FileSchema> files;
  for (const auto& text : texts) {
    const auto path = "f" + std::to_string(files.size());
    ARROW_ASSIGN_OR_RAISE(auto schema, InferNdjsonSchema(text, true, options, path));
    files.push_back({path, std::move(schema)});
  }
  return UniteTextSchemas(files, TextFormat::kNdjson, options);
}

TEST(TextSchema, ColumnsThatDifferBecomeWhatHoldsBoth) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"1", "x", "string"},
      {"x", "1", "string"},
      {"1", "1.5", "double"},
      {"1", "true", "string"},
      {"1", "", "int64"},
      {"", "2024-01-31", "date32[day]"},
      {"", "", "string"},
      {"2024-01-31", "2024-01-31T00:00:00", "string"},
      {"2024-01-31T00:00:00", "2024-01-31T00:00:00.123456789", "timestamp[ns]"},
      {"2024-01-31T00:00:00", "2024-01-31T00:00:00Z", "string"},
  };
  for (const auto& [first, second, type] : cases) {
    ASSERT_OK_AND_ASSIGN(const auto schema, UniteCsv({"a,b\n" + std::string(first) + ",0\n",
                                                      "a,b\n" + std::string(second) + ",0\n"}));
    EXPECT_EQ(Types(*schema), std::string(type) + " int64") << first << " " << second;
    EXPECT_EQ(schema->field(0)->metadata(), nullptr);
  }
}

TEST(TextSchema, ADeclaredTypeRules) {
  ASSERT_OK_AND_ASSIGN(const auto schema, UniteCsv({"a\n1\n", "a\nx\n"}, WithTypes("a:int8")));
  EXPECT_EQ(Types(*schema), "int8");
}

TEST(TextSchema, CsvFilesHaveTheSameColumnsInTheSameOrder) {
  EXPECT_THAT(UniteCsv({"a,b\n", "a,c\n"}),
              FailsWith(FailureKind::kData, "column b: only in f0, missing in f1"));
  EXPECT_THAT(UniteCsv({"a,b\n", "a,b,c\n"}),
              FailsWith(FailureKind::kData, "column c: only in f1, missing in f0"));
  EXPECT_THAT(UniteCsv({"a,b\n", "b,a\n"}),
              FailsWith(FailureKind::kData, "column a: number 1 in f0, number 2 in f1"));
}

TEST(TextSchema, NdjsonFilesMayLackColumnsAndFields) {
  ASSERT_OK_AND_ASSIGN(const auto schema,
                       UniteNdjson({R"({"a":1,"s":{"x":1,"n":null},"l":[]})",
                                    R"({"b":true,"s":{"y":"z","n":2.5},"l":[1,2]})",
                                    R"({"a":18446744073709551615,"l":[null]})"}));
  EXPECT_EQ(schema->ToString(),
            "a: uint64\n"
            "s: struct<x: int64, n: double, y: string>\n"
            "l: list<item: int64>\n"
            "b: bool");
}

TEST(TextSchema, AStringSeenOnceIsNotForgottenBesideNothing) {
  // Nothing, then strings, then numbers: a number and a string would become one text.
  EXPECT_THAT(UniteNdjson({R"({"l":[]})", R"({"l":["x"]})", R"({"l":[1]})"}),
              FailsWith(FailureKind::kData, "column l: list<item: string> in f0"));
}

TEST(TextSchema, NdjsonKindsThatHaveNothingInCommonAreNamed) {
  EXPECT_THAT(UniteNdjson({R"({"a":{"b":1}})", R"({"a":[1]})"}),
              FailsWith(FailureKind::kData,
                        "column a: struct<b: int64> in f0, list<item: int64> in f1; --types "
                        "a:string keeps its text"));
  EXPECT_THAT(UniteNdjson({R"({"a":{"b":1}})", R"({"a":{"b":[1]}})"}),
              FailsWith(FailureKind::kData, "column a: struct<b: int64> in f0"));
  EXPECT_THAT(UniteNdjson({R"({"a":{"b":1}})", R"({"a":[1]})"}, WithTypes("a:string")), IsOk());
}

}  // namespace
}  // namespace ampload::source
