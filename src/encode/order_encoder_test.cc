#include "encode/order_encoder.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <limits>

#include "matchers.h"

namespace ampload::encode {
namespace {

std::vector<std::string> Encode(const std::shared_ptr<arrow::Array>& values) {
  const auto schema = arrow::schema({arrow::field("o", values->type())});
  const auto encoder = OrderEncoder::Make(*schema, "o", "t").ValueOrDie();
  const auto order =
      encoder->Encode(*arrow::RecordBatch::Make(schema, values->length(), {values})).ValueOrDie();
  std::vector<std::string> encoded;
  for (size_t i = 0; i < static_cast<size_t>(values->length()); ++i)
    encoded.emplace_back(order.at(i));
  return encoded;
}

// The values stand in ascending order in the text.
void ExpectAscends(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  const auto values = arrow::json::ArrayFromJSONString(type, json);
  ASSERT_THAT(values, IsOk());
  const auto encoded = Encode(*values);
  for (size_t i = 1; i < encoded.size(); ++i) {
    EXPECT_LT(encoded[i - 1], encoded[i]) << type->ToString() << " at " << i;
  }
}

TEST(OrderEncoder, SortsEveryTypeAsItsValuesDoNullsFirst) {
  ExpectAscends(arrow::boolean(), "[null, false, true]");
  ExpectAscends(arrow::int8(), "[null, -128, -1, 0, 1, 127]");
  ExpectAscends(arrow::int16(), "[null, -32768, -256, -1, 0, 1, 256, 32767]");
  ExpectAscends(arrow::int32(), "[null, -2147483648, -1, 0, 1, 65536, 2147483647]");
  ExpectAscends(arrow::int64(), "[null, -9223372036854775808, -1, 0, 9223372036854775807]");
  ExpectAscends(arrow::uint8(), "[null, 0, 1, 128, 255]");
  ExpectAscends(arrow::uint16(), "[null, 0, 1, 256, 65535]");
  ExpectAscends(arrow::uint32(), "[null, 0, 1, 65536, 4294967295]");
  ExpectAscends(arrow::uint64(), "[null, 0, 1, 9223372036854775808, 18446744073709551615]");
  ExpectAscends(arrow::float16(), "[null, -100.5, -1, 0, 0.5, 2, 1000]");
  ExpectAscends(arrow::float32(), "[null, -1e30, -1.5, -1e-30, 0, 1e-30, 1.5, 1e30, Inf, NaN]");
  ExpectAscends(arrow::float64(), "[null, -Inf, -1e300, -1e-300, 0, 1e-300, 2, 1e300, Inf, NaN]");
  ExpectAscends(arrow::date32(), "[null, -1, 0, 19000]");
  ExpectAscends(arrow::date64(), "[null, -86400000, 0, 86400000]");
  ExpectAscends(arrow::time32(arrow::TimeUnit::SECOND), "[null, 0, 1, 86399]");
  ExpectAscends(arrow::time64(arrow::TimeUnit::NANO), "[null, 0, 1, 86399000000000]");
  ExpectAscends(arrow::timestamp(arrow::TimeUnit::NANO, "UTC"),
                "[null, -1, 0, 1600000000000000000]");
  for (const auto& type : {arrow::decimal32(9, 2), arrow::decimal64(18, 2),
                           arrow::decimal128(38, 2), arrow::decimal256(76, 2)}) {
    ExpectAscends(
        type,
        R"([null, "-9999.99", "-1.00", "-0.01", "0.00", "0.01", "2.55", "2.56", "99999.00"])");
  }
  for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view(), arrow::binary(),
                           arrow::large_binary(), arrow::binary_view()}) {
    ExpectAscends(type, R"([null, "", "\u0001", "a", "a\u0001", "ab", "b"])");
  }
  ExpectAscends(arrow::fixed_size_binary(2), R"([null, "aa", "ab", "ba"])");
}

TEST(OrderEncoder, TakesEqualFloatsForEqual) {
  arrow::DoubleBuilder builder;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ASSERT_TRUE(builder.AppendValues({0.0, -0.0, nan, -nan}).ok());
  const auto encoded = Encode(builder.Finish().ValueOrDie());
  EXPECT_EQ(encoded[0], encoded[1]);
  EXPECT_EQ(encoded[2], encoded[3]);
}

TEST(OrderEncoder, LooksThroughDictionariesRunsAndSlices) {
  const auto words =
      arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["x", "b", null, "a"])").ValueOrDie();
  const auto coded =
      arrow::DictionaryArray::FromArrays(
          arrow::json::ArrayFromJSONString(arrow::int8(), "[0, 1, null, 2]").ValueOrDie(),
          arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["x", "b", "a"])").ValueOrDie())
          .ValueOrDie();
  EXPECT_EQ(Encode(coded), Encode(words));
  EXPECT_EQ(Encode(coded->Slice(1)), Encode(words->Slice(1)));
  EXPECT_EQ(Encode(words->Slice(3)), (std::vector<std::string>{"\1a"}));
}

TEST(OrderEncoder, RefusesWhatHasNoOrder) {
  for (const auto& type : {arrow::list(arrow::int8()), arrow::struct_({}), arrow::null(),
                           arrow::duration(arrow::TimeUnit::SECOND), arrow::month_interval()}) {
    EXPECT_THAT(OrderEncoder::Make(arrow::Schema({arrow::field("o", type)}), "o", "t"),
                FailsWith(FailureKind::kConfiguration, "column=o type=" + type->ToString()));
  }
  EXPECT_THAT(OrderEncoder::Make(arrow::Schema({}), "o", "t"),
              FailsWith(FailureKind::kConfiguration, "do not have: table=t column=o"));
}

}  // namespace
}  // namespace ampload::encode
