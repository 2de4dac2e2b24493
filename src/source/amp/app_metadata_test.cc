#include "source/amp/app_metadata.h"

#include <gtest/gtest.h>

#include <string>

#include "matchers.h"

namespace ampload::source {
namespace {

constexpr char kHash[] = "0x8bc9d4c9959009d2d7bc54dd538d3d9f71528808bc4be8428f1eb45e63bd7784";
constexpr char kParent[] = "0x693444f1005e34df1b53b496de6edd3bd4c888873ac6c890086ae4a1bd1e6251";

// As a real server sent it.
constexpr char kRecorded[] =
    R"({"ranges": [{"hash": "0x8bc9d4c9959009d2d7bc54dd538d3d9f71528808bc4be8428f1eb45e63bd7784", "network": "anvil", "numbers": {"end": 81, "start": 74}, "prev_hash": "0x693444f1005e34df1b53b496de6edd3bd4c888873ac6c890086ae4a1bd1e6251", "timestamp": 1700000972}], "ranges_complete": false})";

std::string WithRange(const std::string& fields) {
  return R"({"ranges_complete":true,"ranges":[{)" + fields + "}]}";
}

Result<BlockRange> RangeOf(const std::string& fields) {
  ARROW_ASSIGN_OR_RAISE(auto metadata, ParseAppMetadata(WithRange(fields)));
  return metadata.ranges.at(0);
}

std::string RangeFrom0(const std::string& rest) {
  return R"("network":"n","numbers":{"start":0,"end":1},"hash":"0xab")" + rest;
}

TEST(AppMetadata, ReadsWhatARealServerSent) {
  ASSERT_OK_AND_ASSIGN(const auto metadata, ParseAppMetadata(kRecorded));
  const AppMetadata expected{
      .ranges =
          {{.network = "anvil", .start = {74}, .end = {81}, .hash = kHash, .prev_hash = kParent}},
      .ranges_complete = false};
  EXPECT_EQ(metadata, expected);
}

TEST(AppMetadata, ReadsAnEmptyListOfRanges) {
  ASSERT_OK_AND_ASSIGN(const auto metadata,
                       ParseAppMetadata(R"({"ranges":[],"ranges_complete":true})"));
  EXPECT_EQ(metadata, (AppMetadata{.ranges = {}, .ranges_complete = true}));
}

TEST(AppMetadata, ReadsSeveralNetworksInTheirOrder) {
  ASSERT_OK_AND_ASSIGN(
      const auto metadata,
      ParseAppMetadata(
          R"({"ranges":[{"network":"b","numbers":{"start":5,"end":18446744073709551615},"hash":"0x01","prev_hash":"0x02"},)"
          R"({"network":"a","numbers":{"end":3,"start":3},"prev_hash":"0x04","hash":"0x03"}],"ranges_complete":false})"));
  ASSERT_EQ(metadata.ranges.size(), 2);
  EXPECT_EQ(metadata.ranges[0], (BlockRange{.network = "b",
                                            .start = {5},
                                            .end = {18446744073709551615U},
                                            .hash = "0x01",
                                            .prev_hash = "0x02"}));
  EXPECT_EQ(
      metadata.ranges[1],
      (BlockRange{.network = "a", .start = {3}, .end = {3}, .hash = "0x03", .prev_hash = "0x04"}));
}

TEST(AppMetadata, JudgesTheFormOfARangeAlone) {
  EXPECT_THAT(RangeOf(R"("network":"n","numbers":{"start":9,"end":1},"hash":"0xab")"), IsOk());
}

TEST(AppMetadata, TakesHashesInAnyCaseAndWithoutTheirPrefix) {
  ASSERT_OK_AND_ASSIGN(
      const auto range,
      RangeOf(R"("network":"n","numbers":{"start":7,"end":8},"hash":"ABcd","prev_hash":"0xEF01")"));
  EXPECT_EQ(range.hash, "0xabcd");
  EXPECT_EQ(range.prev_hash, "0xef01");
}

TEST(AppMetadata, AtBlockZeroZeroBytesNullAndNothingAreNoParent) {
  for (const std::string& rest : {std::string(), std::string(R"(,"prev_hash":null)"),
                                  R"(,"prev_hash":"0x)" + std::string(64, '0') + "\""}) {
    ASSERT_OK_AND_ASSIGN(const auto range, RangeOf(RangeFrom0(rest)));
    EXPECT_EQ(range.prev_hash, "") << rest;
  }
  ASSERT_OK_AND_ASSIGN(const auto range, RangeOf(RangeFrom0(R"(,"prev_hash":"0x10")")));
  EXPECT_EQ(range.prev_hash, "0x10");
}

TEST(AppMetadata, BehindBlockZeroZeroBytesStay) {
  ASSERT_OK_AND_ASSIGN(
      const auto range,
      RangeOf(R"("network":"n","prev_hash":"0x0000","numbers":{"start":1,"end":8},"hash":"0xab")"));
  EXPECT_EQ(range.prev_hash, "0x0000");
}

TEST(AppMetadata, IgnoresFieldsThatItDoesNotKnowAtAnyPlace) {
  const std::string junk = R"("x":{"ranges":[1,{"start":"no","hash":5}],"a":[[],{}]},"x":[1.5,-2])";
  ASSERT_OK_AND_ASSIGN(
      const auto metadata,
      ParseAppMetadata("{" + junk + R"(,"ranges":[{)" + junk + R"(,"network":"n","numbers":{)" +
                       junk + R"(,"start":0,)" + junk + R"(,"end":1},"hash":"0xab",)" + junk +
                       R"(}],"ranges_complete":true,)" + junk + "}"));
  const AppMetadata expected{
      .ranges = {{.network = "n", .start = {0}, .end = {1}, .hash = "0xab", .prev_hash = ""}},
      .ranges_complete = true};
  EXPECT_EQ(metadata, expected);
}

TEST(AppMetadata, IgnoresMegabytesOfWhatItDoesNotKnow) {
  std::string text = R"({"x":[)";
  for (int i = 0; i < 200000; ++i) text += R"({"a":"0123456789"},)";
  text += R"(0],"y":")" + std::string(4 << 20, 'y') + R"(","ranges":[],"ranges_complete":true})";
  EXPECT_THAT(ParseAppMetadata(text), IsOk());
}

struct Refused {
  std::string text;
  std::string where_and_what;
};

class AppMetadataRefuses : public testing::TestWithParam<Refused> {};

TEST_P(AppMetadataRefuses, WithPlaceAndReason) {
  EXPECT_THAT(ParseAppMetadata(GetParam().text),
              FailsWith(FailureKind::kData, "amp: message metadata: " + GetParam().where_and_what));
}

INSTANTIATE_TEST_SUITE_P(
    Text, AppMetadataRefuses,
    testing::Values(
        Refused{"", "not valid JSON"}, Refused{"{", "not valid JSON"},
        Refused{R"({"ranges":[],"ranges_complete":true} x)", "not valid JSON"},
        Refused{"{\"ranges\":[],\"ranges_complete\":true,\"\xff\":1}", "not valid JSON"},
        Refused{"[]", "expected an object: value=an array"},
        Refused{"7", "expected an object: value=7"},
        Refused{R"({"ranges_complete":true})", "ranges: missing"},
        Refused{R"({"ranges":[]})", "ranges_complete: missing"},
        Refused{R"({"ranges":{},"ranges_complete":true})", "ranges: expected an array"},
        Refused{R"({"ranges":null,"ranges_complete":true})", "ranges: expected an array"},
        Refused{R"({"ranges":[3]})", "ranges[0]: expected an object: value=3"},
        Refused{R"({"ranges":[[]]})", "ranges[0]: expected an object: value=an array"},
        Refused{R"({"ranges":[],"ranges_complete":1})", "ranges_complete: expected true or false"},
        Refused{R"({"ranges":[],"ranges_complete":"true"})",
                "ranges_complete: expected true or false: value=true"},
        Refused{R"({"ranges":[],"ranges":[]})", "ranges: given twice"},
        Refused{R"({"ranges_complete":true,"ranges_complete":true})",
                "ranges_complete: given twice"}));

INSTANTIATE_TEST_SUITE_P(
    Range, AppMetadataRefuses,
    testing::Values(
        Refused{WithRange(""), "ranges[0].network: missing"},
        Refused{WithRange(R"("network":"n","hash":"0xab")"), "ranges[0].numbers: missing"},
        Refused{WithRange(R"("network":"n","numbers":{"start":1,"end":1})"),
                "ranges[0].hash: missing"},
        Refused{WithRange(R"("network":5)"), "ranges[0].network: expected a string"},
        Refused{WithRange(R"("network":"")"), "ranges[0].network: expected a string"},
        Refused{WithRange(R"("network":null)"), "ranges[0].network: expected a string"},
        Refused{WithRange(R"("numbers":[1,2])"), "ranges[0].numbers: expected an object"},
        Refused{WithRange(R"("numbers":7)"), "ranges[0].numbers: expected an object: value=7"},
        Refused{WithRange(R"("numbers":{"start":1})"), "ranges[0].numbers.end: missing"},
        Refused{WithRange(R"("numbers":{"start":1,"start":1})"),
                "ranges[0].numbers.start: given twice"},
        Refused{WithRange(R"("numbers":{"end":-1})"),
                "ranges[0].numbers.end: expected an unsigned integer below 2^64: value=-1"},
        Refused{WithRange(R"("numbers":{"end":1.0})"), "ranges[0].numbers.end: expected an uns"},
        Refused{WithRange(R"("numbers":{"end":1e3})"), "ranges[0].numbers.end: expected an uns"},
        Refused{WithRange(R"("numbers":{"end":"12"})"), "ranges[0].numbers.end: expected an uns"},
        Refused{WithRange(R"("numbers":{"end":18446744073709551616})"),
                "ranges[0].numbers.end: expected an unsigned integer below 2^64: "
                "value=18446744073709551616"},
        Refused{WithRange(R"("hash":null)"), "ranges[0].hash: expected a string of hex"},
        Refused{WithRange(R"("hash":"")"), "ranges[0].hash: expected a string of hex"},
        Refused{WithRange(R"("hash":"0x")"), "ranges[0].hash: expected a string of hex"},
        Refused{WithRange(R"("hash":"0xabc")"), "ranges[0].hash: expected a string of hex"},
        Refused{WithRange(R"("hash":"0xzz")"),
                "ranges[0].hash: expected a string of hex digits, two a byte: value=0xzz"},
        Refused{WithRange(R"("hash":"0x0x")"), "ranges[0].hash: expected a string of hex"},
        Refused{WithRange(R"("hash":17)"), "ranges[0].hash: expected a string of hex"},
        Refused{WithRange(R"("prev_hash":"")"), "ranges[0].prev_hash: expected a string of hex"},
        Refused{WithRange(R"("prev_hash":false)"), "ranges[0].prev_hash: expected a string"},
        Refused{WithRange(R"("hash":"0xab","hash":"0xab")"), "ranges[0].hash: given twice"}));

TEST(AppMetadata, NamesTheRangeThatIsWrong) {
  EXPECT_THAT(ParseAppMetadata(WithRange(RangeFrom0("") + "},{" + R"("hash":3)")),
              FailsWith(FailureKind::kData, "ranges[1].hash: expected"));
}

TEST(AppMetadata, ShowsAnEndlessOrUnprintableValueShort) {
  const auto result =
      ParseAppMetadata(WithRange(R"("hash":"\u001b[31m)" + std::string(5000, 'g') + "\""));
  ASSERT_THAT(result, FailsWith(FailureKind::kData, "value=?[31mggg"));
  EXPECT_LT(result.status().message().size(), 300);
}

TEST(AppMetadata, RefusesANestingBomb) {
  for (const std::string open : {R"({"a":)", "[", R"([{"a":)"}) {
    std::string bomb = R"({"x":)";
    for (int i = 0; i < 1000000; ++i) bomb += open;
    EXPECT_THAT(ParseAppMetadata(bomb), FailsWith(FailureKind::kData, "nested deeper than 64"));
  }
}

TEST(AppMetadata, TakesNestingUpToItsLimit) {
  const auto nested = [](int depth) {
    return R"({"ranges":[],"ranges_complete":true,"x":)" + std::string(depth, '[') +
           std::string(depth, ']') + "}";
  };
  EXPECT_THAT(ParseAppMetadata(nested(63)), IsOk());
  EXPECT_THAT(ParseAppMetadata(nested(64)), FailsWith(FailureKind::kData, "nested deeper"));
}

}  // namespace
}  // namespace ampload::source
