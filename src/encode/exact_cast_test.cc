#include "encode/exact_cast.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload::encode {
namespace {

using arrow::TimeUnit;
using arrow::json::ArrayFromJSONString;

// The whole table of casts is judged by fractions in Python (tests/interop); here is what a user
// reads.
Result<std::shared_ptr<arrow::Array>> Cast(const std::shared_ptr<arrow::DataType>& from,
                                           const std::string& json,
                                           const std::shared_ptr<arrow::DataType>& to,
                                           const std::vector<std::string>& allow = {}) {
  ARROW_ASSIGN_OR_RAISE(const auto array, ArrayFromJSONString(from, json));
  return ExactCast(array, to, allow);
}

TEST(ExactCast, KeepsNullsAndSlices) {
  ASSERT_OK_AND_ASSIGN(const auto array, ArrayFromJSONString(arrow::int64(), "[1, null, 300, 4]"));
  ASSERT_OK_AND_ASSIGN(const auto cast, ExactCast(array->Slice(1, 2), arrow::int16(), {}));
  ASSERT_OK_AND_ASSIGN(const auto want, ArrayFromJSONString(arrow::int16(), "[null, 300]"));
  EXPECT_TRUE(cast->Equals(want)) << cast->ToString();
}

TEST(ExactCast, NamesTheFirstValueThatDoesNotFit) {
  const auto cast = Cast(arrow::int64(), "[1, null, 300, 4, 70000, 80000]", arrow::int16());
  EXPECT_THAT(cast.status(), FailsWith(FailureKind::kData, "type=int64 value=70000"));
  EXPECT_EQ(BadRowOf(cast.status()), 4);
}

TEST(ExactCast, RefusesWhatALibraryWouldRound) {
  EXPECT_EQ(BadRowOf(Cast(arrow::float64(), "[0.5, 0.1]", arrow::float32()).status()), 1);
  EXPECT_EQ(BadRowOf(Cast(arrow::int64(), "[9007199254740993]", arrow::float64()).status()), 0);
  EXPECT_EQ(BadRowOf(Cast(arrow::float64(), "[-0.0]", arrow::int64()).status()), 0);
  EXPECT_EQ(
      BadRowOf(
          Cast(arrow::decimal128(9, 2), R"(["1.00", "1.25"])", arrow::decimal128(9, 1)).status()),
      1);
  EXPECT_EQ(BadRowOf(Cast(arrow::utf8(), R"(["1", "1.5"])", arrow::int32()).status()), 1);
}

TEST(ExactCast, TakesALossThatIsAllowedByItsName) {
  const auto ns = arrow::timestamp(TimeUnit::NANO, "UTC");
  const auto us = arrow::timestamp(TimeUnit::MICRO, "UTC");
  EXPECT_THAT(Cast(ns, "[1000, 1001]", us).status(),
              FailsWith(FailureKind::kData, "--allow timestamp_ns_to_us"));
  EXPECT_FALSE(Cast(ns, "[1001]", us, {"time_ns_to_us"}).ok());
  ASSERT_OK_AND_ASSIGN(const auto cast, Cast(ns, "[1000, 1001]", us, {"timestamp_ns_to_us"}));
  ASSERT_OK_AND_ASSIGN(const auto want, ArrayFromJSONString(us, "[1, 1]"));
  EXPECT_TRUE(cast->Equals(want)) << cast->ToString();
}

TEST(ExactCast, OffersNoCastThatChangesWhatAValueMeans) {
  const auto zone = arrow::timestamp(TimeUnit::MICRO, "UTC");
  const auto none = arrow::timestamp(TimeUnit::MICRO);
  EXPECT_THAT(CheckCast(*zone, *none), FailsWith(FailureKind::kConfiguration, "no cast"));
  EXPECT_THAT(CheckCast(*arrow::binary(), *arrow::int32()),
              FailsWith(FailureKind::kConfiguration, ""));
  EXPECT_THAT(CheckCast(*arrow::list(arrow::int8()), *arrow::int8()),
              FailsWith(FailureKind::kConfiguration, ""));
  EXPECT_THAT(CheckCast(*arrow::list(arrow::int8()), *arrow::large_list(arrow::int64())), IsOk());
}

TEST(ExactCast, ReadsWrappersAsWhatTheyStandFor) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::int64());
  ASSERT_OK_AND_ASSIGN(const auto values, ArrayFromJSONString(arrow::int64(), "[7, 900]"));
  ASSERT_OK_AND_ASSIGN(const auto indices, ArrayFromJSONString(arrow::int8(), "[1, 0, null]"));
  ASSERT_OK_AND_ASSIGN(const auto array, arrow::DictionaryArray::FromArrays(type, indices, values));
  ASSERT_OK_AND_ASSIGN(const auto cast, ExactCast(array, arrow::int16(), {}));
  ASSERT_OK_AND_ASSIGN(const auto want, ArrayFromJSONString(arrow::int16(), "[900, 7, null]"));
  EXPECT_TRUE(cast->Equals(want)) << cast->ToString();
}

TEST(ExactWidening, HoldsEveryOldValue) {
  EXPECT_TRUE(IsExactWidening(*arrow::int32(), *arrow::int64()));
  EXPECT_TRUE(IsExactWidening(*arrow::uint32(), *arrow::int64()));
  EXPECT_FALSE(IsExactWidening(*arrow::uint32(), *arrow::int32()));
  EXPECT_FALSE(IsExactWidening(*arrow::int8(), *arrow::uint64()));
  EXPECT_FALSE(IsExactWidening(*arrow::int64(), *arrow::int32()));
  EXPECT_TRUE(IsExactWidening(*arrow::float32(), *arrow::float64()));
  EXPECT_FALSE(IsExactWidening(*arrow::int64(), *arrow::float64()));
  EXPECT_TRUE(IsExactWidening(*arrow::decimal128(10, 2), *arrow::decimal256(50, 2)));
  EXPECT_FALSE(IsExactWidening(*arrow::decimal128(10, 2), *arrow::decimal128(12, 3)));
  EXPECT_TRUE(IsExactWidening(*arrow::utf8(), *arrow::large_utf8()));
  EXPECT_FALSE(IsExactWidening(*arrow::utf8(), *arrow::binary()));
}

}  // namespace
}  // namespace ampload::encode
