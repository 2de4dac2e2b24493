// Every declared type through the CSV reader: the value exactly, or what is wrong with it.
#include "source/text/declared_text.h"

#include <arrow/util/decimal.h>

#include <charconv>
#include <random>

#include "source/text/text_for_test.h"

namespace ampload::source {
namespace {

// The cells of one column x of that type; a second column keeps a blank cell from being a blank
// line.
Result<Loaded> Read(std::string_view type, const std::vector<std::string>& cells) {
  std::string text = "x,y\n";
  for (const auto& cell : cells) text += cell + ",1\n";
  return Load(text, Csv(WithTypes("x:" + std::string(type))));
}

void ExpectValues(std::string_view type, const std::vector<std::string>& cells,
                  std::string_view json) {
  SCOPED_TRACE(type);
  ASSERT_OK_AND_ASSIGN(const auto loaded, Read(type, cells));
  EXPECT_EQ(Values(loaded, "x"), Json(type, json));
}

void ExpectRefused(std::string_view type, const std::vector<std::string>& cells,
                   std::string_view why) {
  for (const auto& cell : cells) {
    EXPECT_THAT(Read(type, {cell}), FailsWith(FailureKind::kData, std::string(why)))
        << type << " " << cell;
  }
}

TEST(DeclaredText, Integers) {
  ExpectValues("int8", {"-128", "127", "", "+5", "007", "1.0", "1e2", " 3 "},
               "[-128, 127, null, 5, 7, 1, 100, 3]");
  ExpectValues("int64", {"-9223372036854775808", "9223372036854775807", "9223372036854775807.00"},
               "[-9223372036854775808, 9223372036854775807, 9223372036854775807]");
  ExpectValues("uint64", {"18446744073709551615", "0", "1.8446744073709551615e19"},
               "[18446744073709551615, 0, 18446744073709551615]");
  for (const std::string type :
       {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}) {
    ExpectRefused(type, {"1.5", "x", "0x10", "1e-1", "--1", "1e+-5", "1 2", "\"\"", "nan"},
                  "not a whole number");
    ExpectRefused(type, {"99999999999999999999", "1e19999", "-99999999999999999999"},
                  "outside of the type's range");
  }
  ExpectRefused("int8", {"128", "-129"}, "outside of the type's range");
  ExpectRefused("uint8", {"256", "-1"}, "outside of the type's range");
  ExpectRefused("uint64", {"18446744073709551616", "-1"}, "outside of the type's range");
  ExpectRefused("int64", {"9223372036854775808", "-9223372036854775809"},
                "outside of the type's range");
}

TEST(DeclaredText, FloatsAreTheNearestValue) {
  ExpectValues("double", {"1.10", "0.30000000000000004", "1e5", "-inf", "", "+.5", "1"},
               "[1.1, 0.30000000000000004, 100000.0, -Inf, null, 0.5, 1]");
  ExpectValues("float", {"0.1", "16777217", "Infinity"}, "[0.1, 16777216, Inf]");
  ExpectValues("halffloat", {"0.5", "65504", "-2"}, "[0.5, 65504, -2]");
  ASSERT_OK_AND_ASSIGN(const auto nan, Read("double", {"NaN", "-nan"}));
  EXPECT_EQ(Values(nan, "x"), Json("double", "[NaN, NaN]"));
  for (const std::string type : {"double", "float", "halffloat"}) {
    ExpectRefused(type, {"x", "1.2.3", "--1", "+-1", "1e", "0x1p3", "infinit", "1 2", "."},
                  "not a number");
    ExpectRefused(type, {"1e400", "-1e400", "1e-400"}, "outside of the type's range");
  }
  ExpectRefused("float", {"1e39", "1e-60"}, "outside of the type's range");
  ExpectRefused("halffloat", {"65520", "1e-9"}, "outside of the type's range");
}

TEST(DeclaredText, Decimals) {
  ExpectValues("decimal128(5, 2)", {"1.1", "-999.99", "0", "1e2", "", "001.50", "1.500"},
               R"(["1.10", "-999.99", "0.00", "100.00", null, "1.50", "1.50"])");
  ExpectValues("decimal128(38, 0)", {"99999999999999999999999999999999999999"},
               R"(["99999999999999999999999999999999999999"])");
  const std::string widest(76, '9');
  ExpectValues("decimal256(76, 0)", {widest, "-" + widest},
               R"([")" + widest + R"(", "-)" + widest + R"("])");
  ExpectValues("decimal32(9, 9)", {"0.123456789"}, R"(["0.123456789"])");
  ExpectValues("decimal64(18, 3)", {"123456789012345.678"}, R"(["123456789012345.678"])");
  ExpectRefused("decimal128(5, 2)", {"1.123", "1e-3"}, "more digits behind the point");
  ExpectRefused("decimal128(5, 2)", {"1000", "-1000", "1e99999"}, "more digits than the type has");
  ExpectRefused("decimal256(76, 0)", {"1" + std::string(76, '0')}, "more digits than the type has");
  ExpectRefused("decimal128(5, 2)", {"x", "nan", "1e100001", "0x1"}, "not a number");
}

TEST(DeclaredText, DecimalsAgreeWithArrowsOwnParser) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    const auto scale = static_cast<int32_t>(random() % 20);
    auto digits = std::to_string(random()) + std::to_string(random());
    digits.resize(1 + random() % digits.size());
    const size_t behind =
        std::min<size_t>(random() % (static_cast<size_t>(scale) + 1), digits.size());
    auto text =
        digits.substr(0, digits.size() - behind) + "." + digits.substr(digits.size() - behind);
    if (text.ends_with('.')) text.pop_back();
    if (random() % 2 == 0) text.insert(0, "-");
    arrow::Decimal256 own;
    const Fault fault = ParseDecimal(text, 76, scale, &own);
    arrow::Decimal256 theirs;
    int32_t precision = 0;
    int32_t their_scale = 0;
    ASSERT_TRUE(arrow::Decimal256::FromString(text, &theirs, &precision, &their_scale).ok());
    ASSERT_EQ(fault, nullptr) << text;
    ASSERT_EQ(own, theirs.Rescale(their_scale, scale).ValueOrDie()) << text;
  }
}

TEST(DeclaredText, BoolsDatesAndTimes) {
  ExpectValues("bool", {"true", "FALSE", "t", "f", "1", "0", ""},
               "[true, false, true, false, true, false, null]");
  ExpectRefused("bool", {"yes", "2", "tru", "\"\""}, "not true or false");
  ExpectValues("date32", {"1970-01-02", "0000-01-01", "9999-12-31"}, "[1, -719528, 2932896]");
  ExpectValues("date64", {"1970-01-02"}, "[86400000]");
  ExpectRefused("date32", {"2023-02-29", "1970-1-2", "19700102", "1970-01-02T00:00:00"},
                "not a date");
  ExpectValues("time32[s]", {"23:59:59"}, "[86399]");
  ExpectValues("time32[ms]", {"00:00:00.5"}, "[500]");
  ExpectValues("time64[ns]", {"00:00:01.000000001"}, "[1000000001]");
  ExpectRefused("time32[s]", {"00:00:00.5"}, "finer than the type's unit");
  ExpectRefused("time64[us]", {"24:00:00", "12:00", "00:00:60"}, "not a time");
  ExpectValues("duration[ms]", {"PT1.5S", "-PT2S", "PT-0.001S"}, "[1500, -2000, -1]");
  ExpectRefused("duration[s]", {"PT1.5S"}, "finer than the type's unit");
  ExpectRefused("duration[s]", {"1", "PT1M", "PTS", "PT1e3S", "P1D"}, "not a duration");
  ExpectRefused("duration[ns]", {"PT9223372037S"}, "outside of the type's range");
}

TEST(DeclaredText, Timestamps) {
  ExpectValues("timestamp[s]", {"1970-01-01T00:00:01", "1969-12-31 23:59:59"}, "[1, -1]");
  ExpectValues("timestamp[us]", {"1970-01-01T00:00:00.000001"}, "[1]");
  ExpectValues("timestamp[ms, UTC]", {"1970-01-01T02:00:00.5+02:00", "1970-01-01T00:00:00Z"},
               "[500, 0]");
  ExpectValues("timestamp[ns, Europe/Berlin]", {"1970-01-01T01:00:00+01:00"}, "[0]");
  ExpectValues("timestamp[ns]", {"1677-09-21T00:12:43.145224192", "2262-04-11T23:47:16.854775807"},
               "[-9223372036854775808, 9223372036854775807]");
  ExpectRefused("timestamp[ms]", {"1970-01-01T00:00:00.0001"}, "finer than the type's unit");
  ExpectRefused("timestamp[us, UTC]", {"1970-01-01T00:00:00"}, "the text has no Z");
  ExpectRefused("timestamp[us]", {"1970-01-01T00:00:00Z"}, "the type has none");
  ExpectRefused("timestamp[ns]", {"2262-04-11T23:47:16.854775808"}, "outside of the type's range");
  ExpectRefused("timestamp[s]", {"1970-01-01", "0", "1970-13-01T00:00:00"}, "not a time");
}

TEST(DeclaredText, StringsAndBytes) {
  for (const std::string type : {"string", "large_string", "string_view"}) {
    ExpectValues(type, {"007", "\"\"", "", "\"a\"\"b\"", " x "},
                 R"(["007", "", null, "a\"b", " x "])");
    ExpectRefused(type, {"\xff"}, "not valid UTF-8; --types x:binary keeps the bytes");
  }
  for (const std::string type : {"binary", "large_binary", "binary_view"}) {
    ExpectValues(type, {"0x6162", "ab", "0x", "", "\"\""}, R"(["ab", "ab", "", null, ""])");
    ExpectRefused(type, {"0x6", "0xzz", "0x0x61"}, "not hex digits behind the 0x");
  }
  ASSERT_OK_AND_ASSIGN(const auto raw, Read("binary", {"\xff"}));
  EXPECT_EQ(static_cast<const arrow::BinaryArray&>(*raw.table->column(0)->chunk(0)).GetView(0),
            "\xff");
  ExpectValues("fixed_size_binary[2]", {"0x6162", "", "0x4142"}, R"(["ab", null, "AB"])");
  ExpectRefused("fixed_size_binary[2]", {"0x61", "0x616263", "0x"}, "another number of bytes");
  ExpectRefused("fixed_size_binary[2]", {"ab", "6162"}, "not 0x and hex digits");
}

TEST(DeclaredText, ACellHoldsNoNestedType) {
  for (const std::string type : {"list<int64>", "struct<a: int64>", "map<string, int64>", "null",
                                 "month_interval", "dictionary<values=string, indices=int8>"}) {
    EXPECT_THAT(Read(type, {"1"}),
                FailsWith(FailureKind::kConfiguration, "a CSV cell cannot hold this type"))
        << type;
  }
}

}  // namespace
}  // namespace ampload::source
