#include "loaders/deltalake/partition_values.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <limits>

#include "matchers.h"

namespace ampload::deltalake {
namespace {

using arrow::TimeUnit;
using TypePtr = std::shared_ptr<arrow::DataType>;

const TypePtr kUtc = arrow::timestamp(TimeUnit::MICRO, "UTC");
const TypePtr kNtz = arrow::timestamp(TimeUnit::MICRO);

std::shared_ptr<arrow::Scalar> Value(const TypePtr& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, "[" + json + "]")
      .ValueOrDie()
      ->GetScalar(0)
      .ValueOrDie();
}

struct Case {
  TypePtr type;
  std::string json;
  std::optional<std::string> text;
};

TEST(PartitionValues, GoThereAndBack) {
  const Case cases[] = {
      {arrow::boolean(), "true", "true"},
      {arrow::boolean(), "false", "false"},
      {arrow::int8(), "-128", "-128"},
      {arrow::int16(), "32767", "32767"},
      {arrow::int32(), "-2147483648", "-2147483648"},
      {arrow::int64(), "9223372036854775807", "9223372036854775807"},
      {arrow::float32(), "0.1", "0.1"},
      {arrow::float64(), "0.1", "0.1"},
      {arrow::float64(), "-0.0", "-0"},
      {arrow::float64(), "1e300", "1e+300"},
      {arrow::decimal128(38, 10), "\"-0.0000000001\"", "-0.0000000001"},
      {arrow::decimal128(5, 2), "\"123.40\"", "123.40"},
      {arrow::decimal128(38, 0), "\"12345678901234567890123456789012345678\"",
       "12345678901234567890123456789012345678"},
      {arrow::utf8(), R"("a/b c=%ä")", "a/b c=%ä"},
      {arrow::date32(), "0", "1970-01-01"},
      {arrow::date32(), "-719528", "0000-01-01"},
      {arrow::date32(), "2932896", "9999-12-31"},
      {kUtc, "123456", "1970-01-01T00:00:00.123456Z"},
      {kUtc, "-1", "1969-12-31T23:59:59.999999Z"},
      {kNtz, "1000000", "1970-01-01 00:00:01.000000"},
      {kNtz, "null", std::nullopt},
      {arrow::utf8(), "null", std::nullopt},
  };
  for (const auto& [type, json, text] : cases) {
    const auto value = Value(type, json);
    ASSERT_OK_AND_ASSIGN(const auto written, PartitionText(*value));
    EXPECT_EQ(written, text) << type->ToString();
    ASSERT_OK_AND_ASSIGN(const auto read, PartitionScalar(written, type));
    EXPECT_TRUE(read->Equals(*value, arrow::EqualOptions::Defaults().signed_zeros_equal(false)))
        << type->ToString() << " " << json << " " << read->ToString();
    EXPECT_TRUE(read->type->Equals(*type));
    EXPECT_THAT(CheckPartitionType(*arrow::field("p", type)), IsOk());
  }
}

TEST(PartitionValues, OfOtherWritersAreRead) {
  const Case cases[] = {
      {arrow::utf8(), "null", ""},
      {arrow::int32(), "null", ""},
      {arrow::float64(), "1e10", "1.0E10"},
      {arrow::boolean(), "true", "True"},
      {arrow::decimal128(5, 2), "\"1.20\"", "1.2"},
      {kUtc, "0", "1970-01-01 00:00:00"},
      {kUtc, "120000", "1970-01-01 00:00:00.12"},
      {kUtc, "123456", "1970-01-01T00:00:00.123456000Z"},
      {kUtc, "-3600000000", "1970-01-01T00:00:00+01:00"},
      {kUtc, "5400000000", "1970-01-01 00:00:00-01:30"},
      {kUtc, "86400000000", "1970-01-02"},
      {kNtz, "123456", "1970-01-01 00:00:00.123456"},
      {kNtz, "1000000", "1970-01-01T00:00:01"},
      {arrow::binary(), R"("\u0001\u0002")", "\x01\x02"},
      {arrow::binary(), R"("\u0001a")", R"(\u0001\u0061)"},
      {arrow::binary(), R"("\\u0001x")", R"(\u0001x)"},
      {arrow::binary(), R"("\\u00")", R"(\u00)"},
  };
  for (const auto& [type, json, text] : cases) {
    ASSERT_OK_AND_ASSIGN(const auto read, PartitionScalar(text, type));
    EXPECT_TRUE(read->Equals(*Value(type, json))) << *text << " " << read->ToString();
  }
}

TEST(PartitionValues, RefuseTextThatIsNoneOfTheType) {
  const std::pair<TypePtr, const char*> cases[] = {
      {arrow::int8(), "128"},
      {arrow::int32(), "1.0"},
      {arrow::int64(), "9223372036854775808"},
      {arrow::int64(), " 1"},
      {arrow::float32(), "x"},
      {arrow::boolean(), "1"},
      {arrow::decimal128(5, 2), "1.234"},
      {arrow::decimal128(5, 2), "1234.00"},
      {arrow::date32(), "1970-02-30"},
      {arrow::date32(), "1970-1-1"},
      {kUtc, "1970-01-01T24:00:00Z"},
      {kUtc, "1970-01-01T00:00"},
      {kUtc, "1970-01-01T00:00:00.Z"},
      {kUtc, "1970-01-01T00:00:00.1234567Z"},
      {kUtc, "1970-01-01T00:00:00ZZ"},
      {kUtc, "1970-01-01T-1:00:00Z"},
      {kNtz, "1970-01-01T00:00:00Z"},
      {kUtc, "short"},
      {arrow::null(), "x"},
  };
  for (const auto& [type, text] : cases) {
    EXPECT_THAT(PartitionScalar(text, type),
                FailsWith(FailureKind::kPermanent, "value=" + std::string(text)))
        << type->ToString();
  }
}

TEST(PartitionValues, RefuseWhatDeltaCannotKeep) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(PartitionText(arrow::StringScalar("")), FailsWith(FailureKind::kData, "empty text"));
  EXPECT_THAT(PartitionText(arrow::StringScalar("\xff")), FailsWith(FailureKind::kData, "UTF-8"));
  EXPECT_THAT(PartitionText(arrow::DoubleScalar(std::nan(""))),
              FailsWith(FailureKind::kData, "NaN"));
  EXPECT_THAT(PartitionText(arrow::DoubleScalar(-kInfinity)),
              FailsWith(FailureKind::kData, "infinities"));
  EXPECT_THAT(PartitionText(arrow::Date32Scalar(2932897)),
              FailsWith(FailureKind::kData, "days=2932897"));
  EXPECT_THAT(PartitionText(arrow::TimestampScalar(INT64_MAX, kUtc)),
              FailsWith(FailureKind::kData, "microseconds=9223372036854775807"));
  EXPECT_THAT(PartitionText(*Value(arrow::binary(), "\"x\"")),
              FailsWith(FailureKind::kData, "type=binary"));
  for (const auto& type : {arrow::binary(), arrow::list(arrow::int64()), arrow::null(),
                           arrow::struct_({arrow::field("a", arrow::int64())})}) {
    EXPECT_THAT(CheckPartitionType(*arrow::field("p", type)),
                FailsWith(FailureKind::kConfiguration, "column=p type="))
        << type->ToString();
  }
}

TEST(PartitionFolders, AreHivesNames) {
  EXPECT_EQ(PartitionFolder("date", "2024-01-01"), "date=2024-01-01");
  EXPECT_EQ(PartitionFolder("name", "a/b"), "name=a%2Fb");
  EXPECT_EQ(PartitionFolder("x", std::nullopt), "x=__HIVE_DEFAULT_PARTITION__");
  EXPECT_EQ(PartitionFolder("a=b", "50%\n.."), "a%3Db=50%25%0A..");
  EXPECT_EQ(PartitionFolder("é", "ü b"), "%C3%A9=%C3%BC%20b");
}

TEST(PartitionFolders, HaveNothingToEncodeButPercentSigns) {
  std::string every;
  for (int byte = 1; byte < 128; ++byte) every = static_cast<char>(byte) + every;
  for (size_t at = 0; at < every.size(); at += 32) {
    auto path = EncodePath(PartitionFolder("c", every.substr(at, 32)));
    for (size_t found = 0; (found = path.find("%25", found)) != std::string::npos;) {
      path.erase(found, 5);
    }
    EXPECT_EQ(path.find_first_not_of(
                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._="),
              std::string::npos)
        << path;
  }
}

TEST(PartitionFolders, OfLongValuesAreCutAndStillDiffer) {
  const std::string value(300, 'a');
  std::string umlauts;
  for (int i = 0; i < 150; ++i) umlauts += "ä";
  const std::string one = PartitionFolder("c", value + "x");
  const std::string other = PartitionFolder("c", value + "y");
  EXPECT_NE(one, other);
  EXPECT_EQ(one.substr(0, 100), other.substr(0, 100));
  EXPECT_LE(one.size(), 200u);
  for (const char* column : {"c", "cc", "ccc"}) {
    const std::string folder = PartitionFolder(column, umlauts);
    EXPECT_LE(folder.size(), 200u);
    const auto dash = folder.rfind('-');
    EXPECT_EQ((dash - std::string(column).size() - 1) % 3, 0u) << "half an escape: " << folder;
  }
}

TEST(Paths, AreUris) {
  EXPECT_EQ(EncodePath("date=2024-01-01/part-0.zstd.parquet"),
            "date=2024-01-01/part-0.zstd.parquet");
  EXPECT_EQ(EncodePath("name=a%2Fb/x y+ä?#:.parquet"),
            "name=a%252Fb/x%20y%2B%C3%A4%3F%23%3A.parquet");
  for (int byte = 0; byte < 256; ++byte) {
    const std::string path = "a" + std::string(1, static_cast<char>(byte)) + "b";
    ASSERT_OK_AND_ASSIGN(const std::string back, DecodePath(EncodePath(path)));
    EXPECT_EQ(back, path);
  }
  ASSERT_OK_AND_ASSIGN(const std::string lower, DecodePath("%c3%a4+@"));
  EXPECT_EQ(lower, "ä+@");
  for (const char* damaged : {"%", "a%2", "%zz", "%2z", "%-1"}) {
    EXPECT_THAT(DecodePath(damaged),
                FailsWith(FailureKind::kPermanent, "path=" + std::string(damaged)));
  }
}

}  // namespace
}  // namespace ampload::deltalake
