#include "loaders/redis/row_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "loader/lineage.h"
#include "loaders/redis/rows_for_test.h"
#include "matchers.h"

namespace ampload::redis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<std::unique_ptr<RowEncoder>> Make(RowForm form, const std::vector<NamedColumn>& columns) {
  form.table = "logs";
  form.rows = Rows(columns)->schema();
  return RowEncoder::Make(std::move(form));
}

// A bad row's place in the batch; its ordinal in the load, in the message, is ten more.
void ExpectBadRow(const RowForm& form, const std::vector<NamedColumn>& columns, int64_t row,
                  const std::string& message) {
  const auto encoded = Encode(form, Rows(columns), 10);
  EXPECT_THAT(encoded, FailsWith(FailureKind::kData, message));
  EXPECT_EQ(BadRowOf(encoded.status()), row) << encoded.status().ToString();
}

TEST(RowEncoder, RefusesColumnsThatTheRowsLackWithTheNearestName) {
  const std::vector<NamedColumn> columns = {{"block_num", arrow::uint64(), "[1]"}};
  EXPECT_THAT(Make({.key_pattern = "{table}:{block_nun}"}, columns),
              FailsWith(FailureKind::kConfiguration,
                        "redis: the key names a column that the rows do not have, did you mean "
                        "block_num?: table=logs column=block_nun"));
  EXPECT_THAT(Make({.fields = {"blocknum"}}, columns),
              FailsWith(FailureKind::kConfiguration,
                        "redis: fields names a column that the rows do not have, did you mean "
                        "block_num?: table=logs column=blocknum"));
  EXPECT_THAT(Make({.structure = Structure::kSortedSet, .score = "block_mum"}, columns),
              FailsWith(FailureKind::kConfiguration,
                        "redis: score names a column that the rows do not have, did you mean "
                        "block_num?: table=logs column=block_mum"));
}

TEST(RowEncoder, RefusesPatternsThatAreNoKeys) {
  const std::vector<NamedColumn> columns = {{"a", arrow::uint64(), "[1]"},
                                            {"b", arrow::list(arrow::int8()), "[[1]]"}};
  EXPECT_THAT(Make({.key_pattern = "{table}:{a"}, columns),
              FailsWith(FailureKind::kConfiguration,
                        "redis: key_pattern lacks a closing brace: key_pattern={table}:{a"));
  EXPECT_THAT(Make({.key_pattern = "{table}:all"}, columns),
              FailsWith(FailureKind::kConfiguration, "redis: key_pattern names no column"));
  EXPECT_THAT(Make({.key_pattern = "{table}:{b}"}, columns),
              FailsWith(FailureKind::kConfiguration,
                        "redis: a column of this type cannot be part of a key"));
}

TEST(RowEncoder, RefusesColumnsThatCannotBeStored) {
  const auto rows =
      arrow::schema({arrow::field("u", arrow::dense_union({arrow::field("i", arrow::int8())}))});
  EXPECT_THAT(RowEncoder::Make({.table = "logs", .rows = rows}),
              FailsWith(FailureKind::kData, "redis: table=logs: text: columns that cannot be"));
  EXPECT_THAT(
      RowEncoder::Make({.table = "logs", .rows = rows, .structure = Structure::kList}),
      FailsWith(FailureKind::kData, "redis: table=logs: json: columns that cannot be encoded"));
}

TEST(RowEncoder, RefusesABatchOfAnotherSchemaAndTakesAnotherOrder) {
  const auto batch = Rows({{"a", arrow::int8(), "[1]"}, {"b", arrow::utf8(), R"(["x"])"}});
  RowForm form{.key_pattern = "{a}"};
  ASSERT_OK_AND_ASSIGN(const auto wanted, Encode(form, batch));
  form.rows = batch->schema();
  ASSERT_OK_AND_ASSIGN(const auto other, Encode(form, *batch->SelectColumns({1, 0})));
  EXPECT_EQ(RowsOf(*other), RowsOf(*wanted));
  EXPECT_THAT(Encode(form, *batch->SelectColumns({0})),
              FailsWith(FailureKind::kData, "redis: a batch has another schema"));
}

TEST(RowEncoder, RefusesRowsWithoutTheirKey) {
  const RowForm form{.key_pattern = "{a}"};
  ExpectBadRow(form, {{"a", arrow::int8(), "[1, null]"}}, 1,
               "redis: a key column is null; every row needs its key: table=logs column=a row=11");
  ExpectBadRow(form, {{"a", arrow::utf8(), R"(["x", "y", ""])"}}, 2,
               "redis: the key is empty: table=logs column=a row=12");
  ExpectBadRow(form, {{"a", arrow::utf8(), R"(["_", "__ampload__:tables"])"}}, 1,
               "begins as ampload's own keys do; put {table} in front of key_pattern: table=logs "
               "column=a row=11 key=__ampload__:tables");
}

TEST(RowEncoder, RefusesRowsOfNullsAlone) {
  const std::vector<NamedColumn> columns = {{"a", arrow::int8(), "[1, null]"},
                                            {"b", arrow::utf8(), R"([null, null])"}};
  const std::string message =
      "redis: every column of the row is null; Redis keeps nothing without "
      "a field: table=logs row=11";
  ExpectBadRow({}, columns, 1, message);
  ExpectBadRow({.structure = Structure::kStream}, columns, 1, message);
  EXPECT_THAT(Encode({.structure = Structure::kString}, Rows(columns)), IsOk());
}

TEST(RowEncoder, RefusesValuesThatHaveNoText) {
  ExpectBadRow({}, {{"a", arrow::date32(), "[0, 2932897]"}}, 1,
               "redis: date is not in the years 0000 to 9999: table=logs column=a row=11");
  ExpectBadRow({.structure = Structure::kList}, {{"a", arrow::date32(), "[0, 2932897]"}}, 1,
               "redis: table=logs first_row=10: json: date is not in the years");
}

TEST(RowEncoder, NamesTheFileOfABadRow) {
  ASSERT_OK_AND_ASSIGN(const auto encoder,
                       Make({.key_pattern = "{a}"}, {{"a", arrow::int8(), "[1]"}}));
  StagedBatch staged;
  staged.batch = Rows({{"a", arrow::int8(), "[null]"}});
  staged.origin = "x.parquet";
  EXPECT_THAT(encoder->Encode(staged),
              FailsWith(FailureKind::kData, "column=a row=0 file=x.parquet"));
  staged.batch = Rows({{"a", arrow::int8(), "[1]"}});
  staged.first_row = 7;
  ASSERT_OK_AND_ASSIGN(const auto encoded, encoder->Encode(staged));
  EXPECT_EQ(static_cast<const EncodedCommands&>(*encoded).Place(0), "row=7 file=x.parquet");
}

TEST(RowEncoder, StoresTheFieldsThatWereChosenAndTheBatchId) {
  const std::vector<NamedColumn> columns = {{"a", arrow::int8(), "[1]"},
                                            {"b", arrow::int8(), "[2]"},
                                            {"c", arrow::int8(), "[3]"},
                                            {std::string(kBatchIdColumn), arrow::int64(), "[4]"}};
  // The key column need not be stored.
  ASSERT_OK_AND_ASSIGN(const auto hash,
                       Encode({.key_pattern = "{a}", .fields = {"c", "b"}}, Rows(columns)));
  EXPECT_THAT(RowsOf(*hash),
              ElementsAre("*8\r\n$4\r\nHSET\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n$1\r\nc\r\n$1\r\n3"
                          "\r\n$13\r\n_amp_batch_id\r\n$1\r\n4\r\n"));
  ASSERT_OK_AND_ASSIGN(const auto list,
                       Encode({.structure = Structure::kSet, .fields = {"b"}}, Rows(columns)));
  EXPECT_THAT(KeysOf(*list), ElementsAre(R"({"b":2,"_amp_batch_id":4})"));
}

TEST(RowEncoder, MakesKeysOfEveryScalarType) {
  ASSERT_OK_AND_ASSIGN(
      const auto commands,
      Encode({.key_pattern = "{b}/{f}/{d}/{t}/{x}/{table}"},
             Rows({{"b", arrow::boolean(), "[true]"},
                   {"f", arrow::float32(), "[0.1]"},
                   {"d", arrow::decimal128(5, 2), R"(["-1.50"])"},
                   {"t", arrow::timestamp(arrow::TimeUnit::SECOND, "UTC"), "[1655778500]"},
                   {"x", arrow::dictionary(arrow::int8(), arrow::utf8()), R"(["y"])"}})));
  EXPECT_THAT(KeysOf(*commands), ElementsAre("true/0.1/-1.50/2022-06-21T02:28:20.000000Z/y/logs"));
}

TEST(RowEncoder, SaysWhetherAPatternTellsKeysApart) {
  const std::vector<NamedColumn> columns = {{"a", arrow::int8(), "[1]"},
                                            {"b", arrow::int8(), "[1]"},
                                            {"s", arrow::utf8(), R"([""])"},
                                            {"h", arrow::fixed_size_binary(2), R"(["ab"])"}};
  for (const auto* pattern : {"{table}:{a}", "{a}:{b}", "{a}-{b}", "{h}{a}", "{a}{h}", "{a}:{s}"}) {
    ASSERT_OK_AND_ASSIGN(const auto encoder, Make({.key_pattern = pattern}, columns));
    EXPECT_TRUE(encoder->TellsKeysApart()) << pattern;
  }
  for (const auto* pattern : {"{a}{b}", "{s}:{s}", "{a}0{b}", "{s}{a}"}) {
    ASSERT_OK_AND_ASSIGN(const auto encoder, Make({.key_pattern = pattern}, columns));
    EXPECT_FALSE(encoder->TellsKeysApart()) << pattern;
  }
  ASSERT_OK_AND_ASSIGN(const auto numbered, Make({}, columns));
  EXPECT_TRUE(numbered->TellsKeysApart());
  EXPECT_TRUE(numbered->numbers_rows());
}

// The score in front of the first row of a sorted set.
std::string ScoreOf(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  const auto encoded = Encode({.structure = Structure::kSortedSet, .score = "s", .replaces = true},
                              Rows({{"s", type, json}}));
  if (!encoded.ok()) return encoded.status().ToString();
  std::string row = RowsOf(**encoded)[0];
  row.erase(0, row.find("logs\r\n") + 6);
  row.erase(0, row.find("\r\n") + 2);
  return row.substr(0, row.find("\r\n"));
}

TEST(Score, IsTheNumberWhereADoubleHoldsIt) {
  EXPECT_EQ(ScoreOf(arrow::int8(), "[-7]"), "-7");
  EXPECT_EQ(ScoreOf(arrow::uint64(), "[15000000]"), "15000000");
  EXPECT_EQ(ScoreOf(arrow::uint64(), "[9007199254740992]"), "9007199254740992");
  EXPECT_EQ(std::stod(ScoreOf(arrow::uint64(), "[9223372036854775808]")), std::ldexp(1.0, 63));
  EXPECT_EQ(std::stod(ScoreOf(arrow::int64(), "[-9223372036854775808]")), -std::ldexp(1.0, 63));
  EXPECT_EQ(ScoreOf(arrow::float64(), "[0.1]"), "0.1");
  EXPECT_EQ(ScoreOf(arrow::float64(), "[-Inf]"), "-inf");
  EXPECT_EQ(std::stod(ScoreOf(arrow::float32(), "[0.1]")), double{0.1F});
  EXPECT_EQ(ScoreOf(arrow::float16(), "[0.5]"), "0.5");
  EXPECT_EQ(ScoreOf(arrow::decimal128(38, 4), R"(["-12.5000"])"), "-12.5");
  EXPECT_EQ(ScoreOf(arrow::decimal128(38, 0), R"(["123456789012345"])"), "123456789012345");
  EXPECT_EQ(ScoreOf(arrow::date32(), "[19000]"), "19000");
  EXPECT_EQ(ScoreOf(arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"), "[1655778500123]"),
            "1655778500123");
  EXPECT_EQ(ScoreOf(arrow::dictionary(arrow::int8(), arrow::int64()), "[5]"), "5");
}

TEST(Score, IsRefusedWhereNoDoubleIsEqualToIt) {
  const std::string no_double = "Redis keeps a score as a double, and none is equal to this value";
  for (const auto& [type, json] :
       std::vector<std::pair<std::shared_ptr<arrow::DataType>, std::string>>{
           {arrow::uint64(), "[9007199254740993]"},
           {arrow::uint64(), "[18446744073709551615]"},
           {arrow::int64(), "[9223372036854775807]"},
           {arrow::int64(), "[-9007199254740993]"},
           {arrow::float64(), "[NaN]"},
           {arrow::decimal128(38, 1), R"(["0.1"])"},
           {arrow::decimal256(76, 0), R"(["12345678901234567890123"])"}}) {
    ExpectBadRow({.structure = Structure::kSortedSet, .score = "s"}, {{"s", type, json}}, 0,
                 no_double);
  }
  ExpectBadRow({.structure = Structure::kSortedSet, .score = "s"},
               {{"s", arrow::int8(), "[1, null]"}}, 1,
               "redis: the score is null: table=logs column=s row=11");
  EXPECT_THAT(
      Make({.structure = Structure::kSortedSet, .score = "s"}, {{"s", arrow::utf8(), "[]"}}),
      FailsWith(FailureKind::kConfiguration, "redis: a score is a number"));
}

}  // namespace
}  // namespace ampload::redis
