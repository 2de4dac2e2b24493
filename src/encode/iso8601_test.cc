#include "encode/iso8601.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace ampload::encode {
namespace {

using arrow::TimeUnit;

template <class Put>
std::string Written(Put&& put) {
  char text[kMaxSpanSize + 1];
  char* end = put(text);
  EXPECT_LE(end - text, kMaxSpanSize);
  return std::string(text, end);
}
std::string Date(int64_t days) {
  return Written([&](char* at) { return PutDate(at, days); });
}
std::string Time(int64_t value, TimeUnit::type unit) {
  return Written([&](char* at) { return PutTimeOfDay(at, value, unit); });
}
std::string Timestamp(int64_t value, TimeUnit::type unit, bool utc) {
  return Written([&](char* at) { return PutTimestamp(at, value, unit, utc); });
}
std::string Duration(int64_t value, TimeUnit::type unit) {
  return Written([&](char* at) { return PutDuration(at, value, unit); });
}
std::string Interval(int32_t months, int32_t days, int64_t nanoseconds) {
  return Written([&](char* at) { return PutMonthDayNano(at, months, days, nanoseconds); });
}

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

// A calendar that only counts is the judge.
TEST(Iso8601, WritesAndReadsEveryDayOfTenThousandYears) {
  int64_t days = kFirstDay;
  for (int year = 0; year <= 9999; ++year) {
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    const int lengths[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int month = 1; month <= 12; ++month) {
      for (int day = 1; day <= lengths[month - 1]; ++day, ++days) {
        char text[40];
        std::snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month, day);
        ASSERT_EQ(Date(days), text);
        ASSERT_EQ(ParseDate(text), days) << text;
      }
    }
  }
  EXPECT_EQ(days, kLastDay + 1);
  EXPECT_EQ(Date(0), "1970-01-01");
}

TEST(Iso8601, WritesTimesWithSixDigitsOrNine) {
  EXPECT_EQ(Time(0, TimeUnit::SECOND), "00:00:00.000000");
  EXPECT_EQ(Time(86399, TimeUnit::SECOND), "23:59:59.000000");
  EXPECT_EQ(Time(3661001, TimeUnit::MILLI), "01:01:01.001000");
  EXPECT_EQ(Time(86399999999, TimeUnit::MICRO), "23:59:59.999999");
  EXPECT_EQ(Time(1, TimeUnit::NANO), "00:00:00.000000001");
}

TEST(Iso8601, WritesTimestampsOnBothSidesOf1970) {
  EXPECT_EQ(Timestamp(1655778500, TimeUnit::SECOND, true), "2022-06-21T02:28:20.000000Z");
  EXPECT_EQ(Timestamp(-1, TimeUnit::MILLI, false), "1969-12-31T23:59:59.999000");
  EXPECT_EQ(Timestamp(-86400000000, TimeUnit::MICRO, false), "1969-12-31T00:00:00.000000");
  EXPECT_EQ(Timestamp(kMin, TimeUnit::NANO, true), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(Timestamp(kMax, TimeUnit::NANO, true), "2262-04-11T23:47:16.854775807Z");
}

TEST(Iso8601, ReadsBackTheTimestampsAtTheEndsOfTheirRange) {
  for (int64_t value : {kMin, kMin + 1, int64_t{-1}, int64_t{0}, kMax - 1, kMax}) {
    const std::string text = Timestamp(value, TimeUnit::NANO, true);
    EXPECT_EQ(ParseTimestamp(text, TimeUnit::NANO, true), value) << text;
  }
  for (auto unit : {TimeUnit::SECOND, TimeUnit::MILLI, TimeUnit::MICRO}) {
    const int64_t first = kFirstDay * kSecondsPerDay * UnitsPerSecond(unit);
    const int64_t last = (kLastDay + 1) * kSecondsPerDay * UnitsPerSecond(unit) - 1;
    EXPECT_TRUE(IsTimestamp(first, unit) && IsTimestamp(last, unit));
    EXPECT_FALSE(IsTimestamp(first - 1, unit) || IsTimestamp(last + 1, unit));
    EXPECT_EQ(ParseTimestamp(Timestamp(first, unit, false), unit, false), first);
    EXPECT_EQ(ParseTimestamp(Timestamp(last, unit, false), unit, false), last);
  }
}

TEST(Iso8601, WritesDurationsInSecondsWithoutZerosAtTheEnd) {
  EXPECT_EQ(Duration(0, TimeUnit::NANO), "PT0S");
  EXPECT_EQ(Duration(86400, TimeUnit::SECOND), "PT86400S");
  EXPECT_EQ(Duration(-1500, TimeUnit::MILLI), "PT-1.5S");
  EXPECT_EQ(Duration(-1, TimeUnit::MICRO), "PT-0.000001S");
  EXPECT_EQ(Duration(kMin, TimeUnit::SECOND), "PT-9223372036854775808S");
  EXPECT_EQ(Duration(kMin, TimeUnit::NANO), "PT-9223372036.854775808S");
}

TEST(Iso8601, WritesIntervalsPartByPart) {
  EXPECT_EQ(Interval(1, -2, 3'500'000'000), "P1M-2DT3.5S");
  EXPECT_EQ(Interval(0, 0, 0), "PT0S");
  EXPECT_EQ(Interval(0, 7, 0), "P7D");
  EXPECT_EQ(Interval(0, 0, -1), "PT-0.000000001S");
  EXPECT_EQ(
      Interval(std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::min(), kMin),
      "P-2147483648M-2147483648DT-9223372036.854775808S");
  EXPECT_EQ(Written([](char* at) { return PutMonths(at, -14); }), "P-14M");
  EXPECT_EQ(Written([](char* at) { return PutDayTime(at, 1, -250); }), "P1DT-0.25S");
}

TEST(Iso8601, ReadsOnlyWhatItWrites) {
  for (const char* text : {"", "2022-02-30", "2022-13-01", "2022-00-01", "2022-1-01", "02022-01-01",
                           "2022/01/01", "2022-01-01 ", "-001-01-01"}) {
    EXPECT_EQ(ParseDate(text), std::nullopt) << text;
  }
  for (const char* text : {"24:00:00.000000", "23:60:00.000000", "23:59:60.000000", "23:59:59",
                           "23:59:59.0000000", "23:59:59.000001"}) {
    EXPECT_EQ(ParseTimeOfDay(text, TimeUnit::SECOND), std::nullopt) << text;
  }
  const std::string utc = "2022-06-21T02:28:20.000000Z", local = "2022-06-21T02:28:20.000000";
  EXPECT_EQ(ParseTimestamp(utc, TimeUnit::MICRO, false), std::nullopt);
  EXPECT_EQ(ParseTimestamp(local, TimeUnit::MICRO, true), std::nullopt);
  EXPECT_EQ(ParseTimestamp("2262-04-11T23:47:16.854775808Z", TimeUnit::NANO, true), std::nullopt);
  EXPECT_EQ(ParseTimestamp("1677-09-21T00:12:43.145224191Z", TimeUnit::NANO, true), std::nullopt);
  for (const char* text :
       {"", "P", "PT", "PTS", "PT1", "PT1.50S", "PT01S", "PT-0S", "PT1.5", "P1D", "PT1M", "PT--1S",
        "PT1.S", "PT0.0000000001S", "PT9223372036854775808S"}) {
    EXPECT_EQ(ParseDuration(text, TimeUnit::NANO), std::nullopt) << text;
  }
  for (const char* text : {"P", "PT0S1M", "P0M", "P1DT", "P1D2M", "P1M1M", "P2147483648D", "P1MT0S",
                           "1M", "P1Y", "P1.5M"}) {
    EXPECT_EQ(ParseMonthDayNano(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseDayTime("P1M"), std::nullopt);
  EXPECT_EQ(ParseDayTime("PT0.0001S"), std::nullopt);
  EXPECT_EQ(ParseMonths("P1.5M"), std::nullopt);
}

}  // namespace
}  // namespace ampload::encode
