#include "loaders/deltalake/file_stats.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "matchers.h"

namespace ampload::deltalake {
namespace {

using arrow::TimeUnit;
using Path = std::vector<std::string>;
using TypePtr = std::shared_ptr<arrow::DataType>;

// ---- Which columns.

std::shared_ptr<arrow::Schema> WideSchema(int columns) {
  arrow::FieldVector fields;
  for (int i = 0; i < columns; ++i) {
    fields.push_back(arrow::field("c" + std::to_string(i), arrow::int64()));
  }
  fields.push_back(arrow::field("_amp_batch_id", arrow::int64()));
  return arrow::schema(std::move(fields));
}

std::vector<Path> Indexed(const arrow::Schema& schema, const TextMap& configuration,
                          std::vector<std::string> partitions = {}) {
  Metadata metadata;
  metadata.configuration = configuration;
  metadata.partition_columns = std::move(partitions);
  return IndexedColumns(schema, metadata, schema).ValueOrDie();
}

TEST(IndexedColumns, AreTheFirst32AndTheBatch) {
  const auto indexed = Indexed(*WideSchema(40), {});
  ASSERT_EQ(indexed.size(), 33u);
  EXPECT_EQ(indexed[31], Path{"c31"});
  EXPECT_EQ(indexed[32], Path{"_amp_batch_id"});
  EXPECT_EQ(Indexed(*WideSchema(3), {}).size(), 4u);
}

TEST(IndexedColumns, AreAsManyAsThePropertySays) {
  const char* const key = "delta.dataSkippingNumIndexedCols";
  EXPECT_EQ(Indexed(*WideSchema(40), {{key, "-1"}}).size(), 41u);
  EXPECT_EQ(Indexed(*WideSchema(40), {{key, "0"}}), std::vector<Path>{{"_amp_batch_id"}});
  EXPECT_EQ(Indexed(*WideSchema(40), {{key, "2"}}, {"c0"}),
            (std::vector<Path>{{"c1"}, {"c2"}, {"_amp_batch_id"}}));
  for (const char* bad : {"", "x", "-2", "1.5"}) {
    Metadata metadata;
    metadata.configuration = {{key, bad}};
    EXPECT_THAT(IndexedColumns(*WideSchema(1), metadata, *WideSchema(1)),
                FailsWith(FailureKind::kConfiguration, std::string(key) + "=" + bad));
  }
}

TEST(IndexedColumns, AreThoseThatThePropertyNames) {
  const auto inner =
      arrow::struct_({arrow::field("x", arrow::int64()), arrow::field("y.z", arrow::int64())});
  const auto logical = arrow::schema({arrow::field("a", arrow::int64()), arrow::field("s", inner),
                                      arrow::field("a,`b", arrow::int64()),
                                      arrow::field("d", arrow::list(arrow::int64()))});
  const char* const key = "delta.dataSkippingStatsColumns";
  const auto named = [&](const char* names) {
    return Indexed(*logical, {{key, names}, {"delta.dataSkippingNumIndexedCols", "1"}});
  };
  EXPECT_EQ(named("s, `a,``b`"), (std::vector<Path>{{"s", "x"}, {"s", "y.z"}, {"a,`b"}}));
  EXPECT_EQ(named("s.`y.z`,d,gone"), (std::vector<Path>{{"s", "y.z"}, {"d"}}));
  EXPECT_EQ(named(""), std::vector<Path>{});
}

TEST(IndexedColumns, CountLeavesAndHavePhysicalNames) {
  const auto schema = [](const char* s, const char* x, const char* l) {
    return arrow::schema({arrow::field(s, arrow::struct_({arrow::field(x, arrow::int64()),
                                                          arrow::field("y", arrow::int64())})),
                          arrow::field(l, arrow::list(arrow::int64()))});
  };
  Metadata metadata;
  metadata.configuration = {{"delta.dataSkippingNumIndexedCols", "2"}};
  ASSERT_OK_AND_ASSIGN(const auto indexed, IndexedColumns(*schema("col-1", "col-2", "col-3"),
                                                          metadata, *schema("s", "x", "l")));
  EXPECT_EQ(indexed, (std::vector<Path>{{"col-1", "col-2"}, {"col-1", "y"}}));
}

// ---- The text.

std::shared_ptr<arrow::Scalar> Value(const TypePtr& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, "[" + json + "]")
      .ValueOrDie()
      ->GetScalar(0)
      .ValueOrDie();
}

// The statistics of one column "c" with these bounds.
std::string Stats(const TypePtr& type, const std::string& min, const std::string& max) {
  lake::DataFile file;
  file.rows = 9;
  file.stats = {{{"c"}, 1, Value(type, min), Value(type, max)}};
  return StatsJson(file, {{"c"}});
}

std::string Expected(const std::string& min, const std::string& max) {
  return R"({"numRecords":9,"minValues":)" + (min.empty() ? "{}" : R"({"c":)" + min + "}") +
         R"(,"maxValues":)" + (max.empty() ? "{}" : R"({"c":)" + max + "}") +
         R"(,"nullCount":{"c":1}})";
}

TEST(StatsJson, HasTheBoundsOfEveryType) {
  const auto utc = arrow::timestamp(TimeUnit::MICRO, "UTC");
  const auto ntz = arrow::timestamp(TimeUnit::MICRO);
  EXPECT_EQ(Stats(arrow::int8(), "-128", "127"), Expected("-128", "127"));
  EXPECT_EQ(Stats(arrow::int64(), "-9223372036854775808", "9223372036854775807"),
            Expected("-9223372036854775808", "9223372036854775807"));
  EXPECT_EQ(Stats(arrow::float64(), "-1.5", "1e300"), Expected("-1.5", "1e+300"));
  EXPECT_EQ(Stats(arrow::float32(), "0.1", "0.1"),
            Expected("0.10000000149011612", "0.10000000149011612"));
  EXPECT_EQ(Stats(arrow::float64(), "-Inf", "Inf"), Expected("", ""));
  EXPECT_EQ(
      Stats(arrow::decimal128(38, 2), "\"-0.05\"", "\"123456789012345678901234567890123456.78\""),
      Expected("-0.05", "123456789012345678901234567890123456.78"));
  EXPECT_EQ(Stats(arrow::date32(), "-1", "2932896"), Expected("\"1969-12-31\"", "\"9999-12-31\""));
  EXPECT_EQ(Stats(arrow::date32(), "-1", "2932897"), Expected("\"1969-12-31\"", ""));
  EXPECT_EQ(Stats(utc, "1999", "1999"),
            Expected("\"1970-01-01T00:00:00.001Z\"", "\"1970-01-01T00:00:00.002Z\""));
  EXPECT_EQ(Stats(ntz, "-1", "-1"),
            Expected("\"1969-12-31T23:59:59.999\"", "\"1970-01-01T00:00:00.000\""));
  EXPECT_EQ(Stats(utc, "2000", "2000"),
            Expected("\"1970-01-01T00:00:00.002Z\"", "\"1970-01-01T00:00:00.002Z\""));
  EXPECT_EQ(Stats(arrow::boolean(), "false", "true"), Expected("", ""));
  EXPECT_EQ(Stats(arrow::int64(), "null", "null"), Expected("", ""));
}

TEST(StatsJson, CutsLongTexts) {
  const std::string a31(31, 'a');
  const auto of = [](const std::string& min, const std::string& max) {
    return Stats(arrow::utf8(), nlohmann::json(min).dump(), nlohmann::json(max).dump());
  };
  const auto quoted = [](const std::string& text) { return '"' + text + '"'; };
  EXPECT_EQ(of(a31 + "a", a31 + "a"), Expected(quoted(a31 + "a"), quoted(a31 + "a")));
  EXPECT_EQ(of(a31 + "aa", a31 + "aa"), Expected(quoted(a31 + "a"), quoted(a31 + "b")));
  EXPECT_EQ(of(a31 + "äx", a31 + "äx"), Expected(quoted(a31 + "ä"), quoted(a31 + "å")));
  EXPECT_EQ(of("", a31 + "\x7fx"), Expected("\"\"", quoted(a31 + "\u0080")));
  EXPECT_EQ(of("", a31 + "\uD7FFx"), Expected("\"\"", quoted(a31 + "\uE000")));
  EXPECT_EQ(of("", a31 + "\uFFFFx"), Expected("\"\"", quoted(a31 + "\U00010000")));
  EXPECT_EQ(of("", a31 + "\U0010FFFFx"), Expected("\"\"", quoted(std::string(30, 'a') + "b")));
  std::string last;
  for (int i = 0; i < 33; ++i) last += "\U0010FFFF";
  EXPECT_EQ(of("", last), Expected("\"\"", ""));
  EXPECT_EQ(of("\"\\\n", "x"), Expected(R"("\"\\\n")", "\"x\""));
}

// A bound that is cut is still a bound, byte for byte as readers compare.
TEST(StatsJson, CutTextsAreBounds) {
  const std::vector<std::string> letters = {
      "a", "z", "\x7f", "ä", "\u07FF", "\u0800", "\uD7FF", "\uFFFF", "\U0001F600", "\U0010FFFF"};
  uint64_t state = 1;
  const auto roll = [&](size_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>(state >> 33) % n;
  };
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    const size_t characters = 28 + roll(10);
    for (size_t i = 0; i < characters; ++i) text += letters[roll(letters.size())];
    const auto json = nlohmann::json::parse(
        Stats(arrow::utf8(), nlohmann::json(text).dump(), nlohmann::json(text).dump()));
    EXPECT_LE(json["minValues"]["c"].get<std::string>(), text);
    if (json["maxValues"].contains("c")) {
      EXPECT_GE(json["maxValues"]["c"].get<std::string>(), text);
    }
  }
}

TEST(StatsJson, MirrorsStructsAndLeavesOutWhatIsNotIndexed) {
  lake::DataFile file;
  file.rows = 3;
  const auto one = Value(arrow::int64(), "1");
  file.stats = {{{"s"}, 1, nullptr, nullptr},
                {{"s", "a"}, 1, one, one},
                {{"s", "b\""}, 3, nullptr, nullptr},
                {{"l"}, 0, nullptr, nullptr},
                {{"x"}, 0, one, one}};
  EXPECT_EQ(StatsJson(file, {{"s", "a"}, {"s", "b\""}, {"l"}}),
            R"({"numRecords":3,"minValues":{"s":{"a":1}},"maxValues":{"s":{"a":1}},)"
            R"("nullCount":{"s":{"a":1,"b\"":3},"l":0}})");
  EXPECT_EQ(StatsJson(lake::DataFile{}, {}),
            R"({"numRecords":0,"minValues":{},"maxValues":{},"nullCount":{}})");
}

// ---- And back.

TEST(ReadStats, FindsTheBatches) {
  lake::DataFile file;
  file.rows = 7;
  file.stats = {{{"_amp_batch_id"},
                 2,
                 Value(arrow::int64(), "5"),
                 Value(arrow::int64(), "9223372036854775807")}};
  const auto stats = ReadStats(StatsJson(file, {{"_amp_batch_id"}}), "_amp_batch_id");
  EXPECT_EQ(stats.rows, 7);
  EXPECT_EQ(stats.batches, std::pair(int64_t{5}, INT64_MAX));
  EXPECT_EQ(stats.null_batches, 2);
}

TEST(ReadStats, KnowsNothingOfWhatIsNotThere) {
  const auto nothing = [](const std::optional<std::string>& json) {
    const auto stats = ReadStats(json, "b");
    return !stats.rows && !stats.batches && !stats.null_batches;
  };
  EXPECT_TRUE(nothing(std::nullopt));
  for (const char* json :
       {"", "{", "[]", "7", "null", "{}", R"({"numRecords":"7"})", R"({"numRecords":-1})",
        R"({"minValues":{"b":1}})", R"({"maxValues":{"b":1}})",
        R"({"minValues":{"b":1},"maxValues":{"b":2.5}})", R"({"minValues":7,"maxValues":[]})",
        R"({"minValues":{"b":1},"maxValues":{"b":9223372036854775808}})",
        R"({"nullCount":{"c":1}})", R"({"minValues":{"c":1},"maxValues":{"c":1}})"}) {
    EXPECT_TRUE(nothing(json)) << json;
  }
}

TEST(ReadStats, LooksAtNoOtherColumn) {
  const auto stats = ReadStats(
      R"({"minValues":{"a":{"b":1,"numRecords":2},"b":5,"c":[{"b":6}]},"x":{"numRecords":3,"b":7},)"
      R"("maxValues":{"c":"b","b":8,"d":{"b":9}},"nullCount":{"a":{"b":4},"b":0,"tightBounds":1},)"
      R"("numRecords":10,"tightBounds":true,"y":[[1],{"numRecords":4}]})",
      "b");
  EXPECT_EQ(stats.rows, 10);
  EXPECT_EQ(stats.batches, std::pair(int64_t{5}, int64_t{8}));
  EXPECT_EQ(stats.null_batches, 0);
  // Of several values of one name the last counts.
  const auto twice = ReadStats(R"({"numRecords":1,"numRecords":2,"nullCount":{"b":1},)"
                               R"("nullCount":{"c":1}})",
                               "b");
  EXPECT_EQ(twice.rows, 2);
  EXPECT_EQ(twice.null_batches, std::nullopt);
}

TEST(ReadStats, TakesWideBoundsForWhatTheyAre) {
  const auto nulls = [](int count) {
    return ReadStats(R"({"numRecords":9,"tightBounds":false,"minValues":{"b":1},)"
                     R"("maxValues":{"b":4},"nullCount":{"b":)" +
                         std::to_string(count) + "}}",
                     "b");
  };
  EXPECT_EQ(nulls(0).null_batches, 0);
  EXPECT_EQ(nulls(9).null_batches, 9);
  EXPECT_EQ(nulls(3).null_batches, std::nullopt);
  EXPECT_EQ(nulls(3).batches, std::pair(int64_t{1}, int64_t{4}));
}

}  // namespace
}  // namespace ampload::deltalake
