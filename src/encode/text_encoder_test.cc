#include "encode/text_encoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "encode/json_tokens.h"
#include "encode/rows_for_test.h"
#include "matchers.h"
#include "random_columns.h"

namespace ampload::encode {
namespace {

using arrow::TimeUnit;
using ::testing::ElementsAre;

Result<EncodedFields> Encode(const arrow::RecordBatch& batch,
                             BinaryText binaries = BinaryText::kBytes) {
  ARROW_ASSIGN_OR_RAISE(const auto encoder, TextEncoder::Make(batch.schema(), binaries));
  return encoder->Encode(batch);
}
std::shared_ptr<arrow::RecordBatch> Batch(const std::shared_ptr<arrow::Array>& array) {
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("c", array->type())}),
                                  array->length(), {array});
}

// The fields of one column; "(absent)" for one that is.
std::vector<std::string> TextsOf(const std::shared_ptr<arrow::Array>& array,
                                 BinaryText binaries = BinaryText::kBytes) {
  const auto fields = Encode(*Batch(array), binaries).ValueOrDie();
  std::vector<std::string> texts;
  for (int64_t row = 0; row < fields.num_rows; ++row) {
    texts.emplace_back(fields.is_absent(row, 0) ? "(absent)" : fields.field(row, 0));
  }
  return texts;
}
std::vector<std::string> Texts(const std::shared_ptr<arrow::DataType>& type,
                               std::string_view json) {
  return TextsOf(FromJson(type, json));
}

TEST(Text, OfBooleansAndIntegers) {
  EXPECT_THAT(Texts(arrow::boolean(), "[true, false, null]"),
              ElementsAre("true", "false", "(absent)"));
  EXPECT_THAT(Texts(arrow::uint64(), "[0, 18446744073709551615, null]"),
              ElementsAre("0", "18446744073709551615", "(absent)"));
  EXPECT_THAT(Texts(arrow::int64(), "[-9223372036854775808, 7]"),
              ElementsAre("-9223372036854775808", "7"));
}

TEST(Text, OfFloatsIsTheirFewestDigits) {
  EXPECT_THAT(Texts(arrow::float64(), "[0.1, 1, -0.0, 1e300, NaN, Inf, -Inf, null]"),
              ElementsAre("0.1", "1", "-0", "1e+300", "NaN", "inf", "-inf", "(absent)"));
  EXPECT_THAT(Texts(arrow::float32(), "[0.1, -Inf]"), ElementsAre("0.1", "-inf"));
  EXPECT_THAT(Texts(arrow::float16(), "[0.1, NaN]"), ElementsAre("0.099975586", "NaN"));
}

TEST(Text, OfDecimalsIsPlainDigits) {
  EXPECT_THAT(Texts(arrow::decimal128(38, 2), R"(["-0.05", "1234.50", null])"),
              ElementsAre("-0.05", "1234.50", "(absent)"));
  const std::string digits(76, '9');
  EXPECT_THAT(Texts(arrow::decimal256(76, 0), "[\"" + digits + "\"]"), ElementsAre(digits));
}

TEST(Text, OfStringsIsTheirBytesAndEmptyIsNotAbsent) {
  EXPECT_THAT(Texts(arrow::utf8(), R"(["", "a\"\\\n", "漢", null])"),
              ElementsAre("", "a\"\\\n", "漢", "(absent)"));
  EXPECT_THAT(Texts(arrow::large_utf8(), R"(["x"])"), ElementsAre("x"));
  EXPECT_THAT(Texts(arrow::utf8_view(), R"(["a long one that is not inline"])"),
              ElementsAre("a long one that is not inline"));
}

TEST(Text, OfBinariesIsTheirBytesOrHex) {
  arrow::BinaryBuilder builder;
  ASSERT_THAT(builder.Append(std::string_view("\0\xff\"", 3)), IsOk());
  ASSERT_THAT(builder.Append(""), IsOk());
  ASSERT_THAT(builder.AppendNull(), IsOk());
  const auto bytes = builder.Finish().ValueOrDie();
  EXPECT_THAT(TextsOf(bytes), ElementsAre(std::string("\0\xff\"", 3), "", "(absent)"));
  EXPECT_THAT(TextsOf(bytes, BinaryText::kHex), ElementsAre("0x00ff22", "0x", "(absent)"));
  for (const int32_t width : {3, 20, 32}) {
    const std::string value(static_cast<size_t>(width), '\x7f');
    arrow::FixedSizeBinaryBuilder fixed(arrow::fixed_size_binary(width));
    ASSERT_THAT(fixed.Append(value), IsOk());
    const auto array = fixed.Finish().ValueOrDie();
    EXPECT_THAT(TextsOf(array), ElementsAre(value));
    EXPECT_THAT(TextsOf(array, BinaryText::kHex), ElementsAre("0x" + Hex(value)));
  }
}

TEST(Text, OfDatesAndTimesIsThatOfMsgpack) {
  EXPECT_THAT(Texts(arrow::date32(), "[0, null]"), ElementsAre("1970-01-01", "(absent)"));
  EXPECT_THAT(Texts(arrow::time64(TimeUnit::NANO), "[1]"), ElementsAre("00:00:00.000000001"));
  EXPECT_THAT(Texts(arrow::timestamp(TimeUnit::NANO, "UTC"), "[1655778500000000001, null]"),
              ElementsAre("2022-06-21T02:28:20.000000001Z", "(absent)"));
  EXPECT_THAT(Texts(arrow::duration(TimeUnit::MILLI), "[-1500]"), ElementsAre("PT-1.5S"));
  EXPECT_THAT(Texts(arrow::month_interval(), "[14, null]"), ElementsAre("P14M", "(absent)"));
}

TEST(Text, OfNestedValuesIsJson) {
  EXPECT_THAT(Texts(arrow::list(arrow::utf8()), R"([["a\n", null], [], null])"),
              ElementsAre(R"(["a\n",null])", "[]", "(absent)"));
  const auto type = arrow::struct_(
      {arrow::field("x", arrow::decimal128(5, 2)), arrow::field("y", arrow::binary())});
  EXPECT_THAT(Texts(type, R"([{"x": "1.50", "y": "a"}, null, {"x": null, "y": null}])"),
              ElementsAre(R"({"x":"1.50","y":"0x61"})", "(absent)", R"({"x":null,"y":null})"));
  EXPECT_THAT(Texts(arrow::map(arrow::int8(), arrow::float64()), "[[[1, NaN]], null]"),
              ElementsAre(R"([[1,"NaN"]])", "(absent)"));
}

TEST(Text, OfDictionariesAndRunsIsThatOfTheirValues) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  const auto words =
      arrow::DictionaryArray::FromArrays(type, FromJson(arrow::int8(), "[1, null, 0, 1]"),
                                         FromJson(arrow::utf8(), R"([null, "x"])"))
          .ValueOrDie();
  EXPECT_THAT(TextsOf(words), ElementsAre("x", "(absent)", "(absent)", "x"));
  const auto runs = arrow::RunEndEncodedArray::Make(3, FromJson(arrow::int32(), "[2, 3]"),
                                                    FromJson(arrow::int64(), "[null, 7]"))
                        .ValueOrDie();
  EXPECT_THAT(TextsOf(runs), ElementsAre("(absent)", "(absent)", "7"));
  EXPECT_THAT(Texts(arrow::null(), "[null, null]"), ElementsAre("(absent)", "(absent)"));
}

TEST(Text, OfARowIsItsFieldsInOrder) {
  const auto schema =
      arrow::schema({arrow::field("a", arrow::int8()), arrow::field("b", arrow::utf8()),
                     arrow::field("c", arrow::boolean())});
  const auto batch = arrow::RecordBatch::Make(
      schema, 2,
      {FromJson(arrow::int8(), "[1, null]"), FromJson(arrow::utf8(), R"(["x", "y"])"),
       FromJson(arrow::boolean(), "[null, true]")});
  ASSERT_OK_AND_ASSIGN(const auto fields, Encode(*batch));
  EXPECT_EQ(std::string_view(*fields.bytes), "1xytrue");
  EXPECT_THAT(fields.offsets, ElementsAre(0, 1, 2, 2, 2, 3, 7));
  EXPECT_THAT(fields.absent, ElementsAre(false, false, true, true, false, false));
}

TEST(Text, OfNoColumnsIsNothing) {
  ASSERT_OK_AND_ASSIGN(const auto fields, Encode(*arrow::RecordBatch::Make(arrow::schema({}), 2,
                                                                           arrow::ArrayVector{})));
  EXPECT_EQ(fields.num_rows, 2);
  EXPECT_EQ(fields.size_bytes(), 0);
}

TEST(Text, IsRefusedWithTheRowThatIsToBlame) {
  const auto fields = Encode(*Batch(FromJson(arrow::date32(), "[0, null, 2932897]")));
  EXPECT_THAT(fields, FailsWith(FailureKind::kData,
                                "text: date is not in the years 0000 to 9999: column=c row=2"));
  EXPECT_EQ(BadRowOf(fields.status()), 2);
  EXPECT_THAT(TextEncoder::Make(arrow::schema({arrow::field(
                                    "u", arrow::dense_union({arrow::field("i", arrow::int8())}))}),
                                BinaryText::kBytes),
              FailsWith(FailureKind::kData, "text: columns that cannot be encoded"));
}

// What JSON says of the same value: a token of it, or the token's text.
class RandomTexts : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RandomTexts, SayWhatJsonSays) {
  RandomColumns random(GetParam());
  const auto batch = random.Batch(12, random.Roll(4) == 0 ? 1100 : random.Roll(60));
  ASSERT_OK_AND_ASSIGN(const auto fields, Encode(*batch, BinaryText::kHex));
  ASSERT_OK_AND_ASSIGN(const auto bytes, Encode(*batch, BinaryText::kBytes));
  ASSERT_EQ(fields.num_rows, batch->num_rows());
  ASSERT_EQ(fields.num_columns, batch->num_columns());
  JsonTokens tokens;
  for (int c = 0; c < batch->num_columns(); ++c) {
    ASSERT_OK_AND_ASSIGN(const auto rows, EncodeArray<JsonEncoder>(batch->column(c)));
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      ASSERT_THAT(tokens.Parse(rows.row(row)), IsOk());
      const auto& token = tokens[2];  // behind the object and its key
      std::string wanted(rows.row(row).substr(5, rows.row(row).size() - 6));
      if (token.kind == JsonTokens::Kind::kString) wanted = tokens.text(token);
      if (wanted == "-0.0") wanted = "-0";
      if (wanted == "Infinity") wanted = "inf";
      if (wanted == "-Infinity") wanted = "-inf";
      const bool is_null = token.kind == JsonTokens::Kind::kNull;
      ASSERT_EQ(fields.is_absent(row, c), is_null) << c << " " << row;
      ASSERT_EQ(bytes.is_absent(row, c), is_null) << c << " " << row;
      ASSERT_EQ(fields.field(row, c), is_null ? "" : wanted) << c << " " << row;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTexts, ::testing::Range<uint64_t>(1, 21));

}  // namespace
}  // namespace ampload::encode
