// What cannot go into a column: by type, before anything is read, and by value.
#include <arrow/extension/json.h>
#include <arrow/extension/uuid.h>
#include <gtest/gtest.h>

#include <limits>

#include "encode/pg/copy_rows_for_test.h"
#include "matchers.h"

namespace ampload::encode::pg {
namespace {

using arrow::TimeUnit;

constexpr auto kData = FailureKind::kData;

Status Into(const PgType& type, const std::shared_ptr<arrow::DataType>& values,
            std::string_view json, const std::vector<std::string>& allow = {}) {
  return CopyOf(FromJson(values, json), type, allow).status();
}

// The row of the batch, and the bad row's message.
void ExpectBadRow(const Status& status, int64_t row, std::string_view text) {
  EXPECT_THAT(status, FailsWith(kData, std::string(text)));
  EXPECT_EQ(BadRowOf(status), row) << status.ToString();
}

struct Pair {
  std::shared_ptr<arrow::DataType> values;
  uint32_t oid;
};

TEST(CheckFit, RefusesWhatHasAnotherMeaning) {
  const auto us = arrow::timestamp(TimeUnit::MICRO);
  const auto utc = arrow::timestamp(TimeUnit::MICRO, "UTC");
  const std::vector<Pair> pairs = {{arrow::utf8(), 20},
                                   {arrow::utf8(), 1700},
                                   {arrow::utf8(), 2950},
                                   {arrow::utf8(), 17},
                                   {arrow::utf8(), 1184},
                                   {arrow::utf8(), 16},
                                   {arrow::binary(), 25},
                                   {arrow::binary(), 2950},
                                   {arrow::fixed_size_binary(20), 2950},
                                   {arrow::boolean(), 23},
                                   {arrow::boolean(), 25},
                                   {arrow::int32(), 16},
                                   {arrow::int32(), 25},
                                   {arrow::int64(), 1114},
                                   {arrow::float64(), 1700},
                                   {arrow::float64(), 20},
                                   {us, 1184},
                                   {utc, 1114},
                                   {arrow::date32(), 1114},
                                   {us, 1082},
                                   {arrow::date32(), 1184},
                                   {arrow::decimal128(5, 2), 701},
                                   {arrow::duration(TimeUnit::MICRO), 1083},
                                   {arrow::time64(TimeUnit::MICRO), 1186},
                                   {arrow::list(arrow::int32()), 1009},
                                   {arrow::list(arrow::int32()), 23},
                                   {arrow::int32(), 1007},
                                   {arrow::list(arrow::list(arrow::int32())), 1007},
                                   {arrow::struct_({arrow::field("a", arrow::int8())}), 25},
                                   {arrow::int32(), 3802},
                                   {arrow::int32(), 600},
                                   {arrow::null(), 600}};
  for (const auto& [values, oid] : pairs) {
    EXPECT_THAT(CheckFit(*arrow::field("c", values), {"c", TypeOf(oid)}, {}),
                FailsWith(kData, "column=c arrow=" + values->ToString() + " column_type=column's"))
        << oid;
  }
}

TEST(CheckFit, TakesTheSameValuesInAnotherType) {
  const auto uuid = arrow::extension::uuid();
  const std::vector<Pair> pairs = {{arrow::uint64(), 21},
                                   {arrow::uint64(), 20},
                                   {arrow::int8(), 1700},
                                   {arrow::float64(), 700},
                                   {arrow::int32(), 701},
                                   {arrow::decimal256(76, 5), 20},
                                   {arrow::utf8(), 114},
                                   {arrow::utf8(), 3802},
                                   {arrow::fixed_size_binary(16), 2950},
                                   {uuid, 17},
                                   {arrow::null(), 2950},
                                   {arrow::extension::json(), 25},
                                   {arrow::struct_({}), 114},
                                   {arrow::list(arrow::int64()), 3802},
                                   {arrow::list(arrow::null()), 1016},
                                   {arrow::dictionary(arrow::int8(), arrow::utf8()), 1043},
                                   {arrow::run_end_encoded(arrow::int32(), arrow::int8()), 23},
                                   {arrow::list(arrow::struct_({})), 3807},
                                   {arrow::month_interval(), 1186}};
  for (const auto& [values, oid] : pairs) {
    EXPECT_THAT(CheckFit(*arrow::field("c", values), {"c", TypeOf(oid)}, {}), IsOk())
        << values->ToString() << " " << oid;
  }
}

TEST(CheckFit, RefusesAnIntervalThatWouldLoseItsTime) {
  const arrow::Field field("c", arrow::duration(TimeUnit::MICRO));
  // interval day to hour, interval second(3)
  EXPECT_THAT(CheckFit(field, {"c", TypeOf(1186, 67698687)}, {}), FailsWith(kData, "column=c"));
  EXPECT_THAT(CheckFit(field, {"c", TypeOf(1186, 268435459)}, {}), IsOk());
}

TEST(CopyEncoder, NamesAllColumnsThatDoNotFit) {
  const auto schema =
      arrow::schema({arrow::field("a", arrow::utf8()), arrow::field("b", arrow::int8()),
                     arrow::field("c", arrow::boolean())});
  const auto made =
      CopyEncoder::Make(schema, {{"a", TypeOf(20)}, {"b", TypeOf(20)}, {"c", TypeOf(25)}}, "t", {});
  EXPECT_THAT(made, FailsWith(kData, "column=a "));
  EXPECT_THAT(made, FailsWith(kData, "--exclude c: column=c "));
  EXPECT_THAT(CopyEncoder::Make(schema, {}, "t", {}), FailsWith(kData, "table=t rows=3 columns=0"));
}

TEST(CopyEncoder, NamesTableColumnRowAndValue) {
  const auto status = Into(TypeOf(20, -1, "bigint"), arrow::uint64(), "[1, 18446744073709551615]");
  EXPECT_EQ(MessageOf(status),
            "postgresql: value does not fit its column: table=chain.logs column=c row=101 "
            "arrow=uint64 column_type=bigint value=18446744073709551615");
  EXPECT_EQ(BadRowOf(status), 1);
}

TEST(CopyEncoder, RefusesIntegersOutsideTheColumnsRange) {
  EXPECT_THAT(Into(TypeOf(21), arrow::int64(), "[-32768, 32767]"), IsOk());
  ExpectBadRow(Into(TypeOf(21), arrow::int64(), "[0, 32768]"), 1, "value=32768");
  ExpectBadRow(Into(TypeOf(21), arrow::int32(), "[-32769]"), 0, "value=-32769");
  ExpectBadRow(Into(TypeOf(21), arrow::uint16(), "[65535]"), 0, "value=65535");
  ExpectBadRow(Into(TypeOf(23), arrow::uint32(), "[2147483648]"), 0, "value=2147483648");
  ExpectBadRow(Into(TypeOf(701), arrow::int64(), "[9007199254740992, 9007199254740993]"), 1,
               "value=9007199254740993");
  ExpectBadRow(Into(TypeOf(700), arrow::int32(), "[-16777216, 16777217]"), 1, "value=16777217");
}

TEST(CopyEncoder, DoesNotLookAtValuesBehindNulls) {
  const auto numbers = FromJson(arrow::int64(), "[99999, 1]");
  auto data = numbers->data()->Copy();
  const uint8_t second_alone = 2;
  data->buffers[0] = arrow::Buffer::FromString(std::string(1, static_cast<char>(second_alone)));
  data->null_count = arrow::kUnknownNullCount;
  EXPECT_THAT(CopyOf(arrow::MakeArray(data), TypeOf(21)), IsOk());
}

TEST(CopyEncoder, TakesADoubleIntoARealWhereItIsOne) {
  EXPECT_THAT(Into(TypeOf(700), arrow::float64(), "[0.5, NaN, Inf, -0.0, 1e-45]"),
              FailsWith(kData, "row=104"));
  EXPECT_THAT(Into(TypeOf(700), arrow::float64(), "[0.5, NaN, Inf, -Inf, -0.0]"), IsOk());
  ExpectBadRow(Into(TypeOf(700), arrow::float64(), "[0.1]"), 0, "value=0.1");
  ExpectBadRow(Into(TypeOf(700), arrow::float64(), "[1e300]"), 0, "value=1e+300");
}

std::shared_ptr<arrow::Array> Strings(const std::vector<std::string>& values) {
  arrow::StringBuilder builder;
  EXPECT_THAT(builder.AppendValues(values), IsOk());
  return builder.Finish().ValueOrDie();
}

TEST(CopyEncoder, RefusesTextThatPostgreSQLCannotKeep) {
  const auto into_text = [](const std::shared_ptr<arrow::Array>& array) {
    return CopyOf(array, TypeOf(25)).status();
  };
  ExpectBadRow(into_text(Strings({"a", std::string("b\0c", 3)})), 1, "NUL");
  ExpectBadRow(into_text(Strings({"a", "\xff"})), 1, "string is not UTF-8");
  // Valid as a whole, but not row by row.
  ExpectBadRow(into_text(Strings({"\xc3", "\xa4"})), 0, "string is not UTF-8");
  // Behind what the slice shows.
  EXPECT_THAT(into_text(Strings({std::string(1, '\0'), "a", "\xff"})->Slice(1, 1)), IsOk());
  const auto list = arrow::ListArray::FromArrays(*FromJson(arrow::int32(), "[0, 1, 2]"),
                                                 *Strings({"a", std::string(1, '\0')}));
  ExpectBadRow(CopyOf(*list, TypeOf(1009)).status(), 1, "column=c[] row=101");
}

TEST(CopyEncoder, CountsCharactersNotBytes) {
  const PgType three = TypeOf(1043, 7);
  EXPECT_THAT(Into(three, arrow::utf8(), R"(["äöü", "", "漢🦀a"])"), IsOk());
  ExpectBadRow(Into(three, arrow::utf8(), R"(["äöü", "äöü "])"), 1, "more characters");
  const PgType exactly = TypeOf(1042, 7);
  EXPECT_THAT(Into(exactly, arrow::utf8(), R"(["äöü", "ab "])"), IsOk());
  ExpectBadRow(Into(exactly, arrow::utf8(), R"(["abc", "ab"])"), 1, "padded");
  ExpectBadRow(Into(exactly, arrow::utf8(), R"(["abcd"])"), 0, "padded");
  const PgType name = TypeOf(19);
  EXPECT_THAT(Into(name, arrow::utf8(), "[\"" + std::string(63, 'n') + "\"]"), IsOk());
  ExpectBadRow(Into(name, arrow::utf8(), "[\"" + std::string(64, 'n') + "\"]"), 0, "63 bytes");
}

TEST(CopyEncoder, RefusesDatesBeyondPostgreSQLsRange) {
  const PgType date = TypeOf(1082);
  EXPECT_THAT(Into(date, arrow::date32(), "[-2440588, 2145042905]"), IsOk());
  ExpectBadRow(Into(date, arrow::date32(), "[-2440589]"), 0, "value=-2440589");
  ExpectBadRow(Into(date, arrow::date32(), "[2145042906]"), 0, "range");
  ExpectBadRow(Into(date, arrow::date32(), "[2147483647]"), 0, "range");
  ExpectBadRow(Into(date, arrow::date32(), "[-2147483648]"), 0, "range");
  ExpectBadRow(Into(date, arrow::date64(), "[86400000, 86400001]"), 1, "not a whole day");
  ExpectBadRow(Into(date, arrow::date64(), "[9223372036828800000]"), 0, "range");
}

TEST(CopyEncoder, RefusesTimestampsBeyondPostgreSQLsRangeAndItsInfinities) {
  const PgType timestamp = TypeOf(1114);
  const auto of = [&](TimeUnit::type unit, std::string_view json) {
    return Into(timestamp, arrow::timestamp(unit), json);
  };
  ExpectBadRow(of(TimeUnit::MICRO, "[-210866803200000001]"), 0, "range");
  ExpectBadRow(of(TimeUnit::MICRO, "[-9223372036854775808]"), 0, "range");
  EXPECT_THAT(of(TimeUnit::MICRO, "[9223372036854775807, -210866803200000000]"), IsOk());
  EXPECT_THAT(of(TimeUnit::SECOND, "[9224318015999, -210866803200]"), IsOk());
  ExpectBadRow(of(TimeUnit::SECOND, "[9224318016000]"), 0, "range");
  ExpectBadRow(of(TimeUnit::SECOND, "[-210866803201]"), 0, "range");
  EXPECT_THAT(of(TimeUnit::MILLI, "[9224318015999999, -210866803200000]"), IsOk());
  ExpectBadRow(of(TimeUnit::MILLI, "[9224318016000000]"), 0, "range");
  ExpectBadRow(of(TimeUnit::MILLI, "[-9223372036854775808]"), 0, "range");
}

TEST(CopyEncoder, TakesNanosecondsByValueUnlessTheLossIsAllowed) {
  const struct {
    uint32_t oid;
    std::shared_ptr<arrow::DataType> type;
    std::string loss;
  } cases[] = {{1114, arrow::timestamp(TimeUnit::NANO), "timestamp_ns_to_us"},
               {1184, arrow::timestamp(TimeUnit::NANO, "UTC"), "timestamp_ns_to_us"},
               {1083, arrow::time64(TimeUnit::NANO), "time_ns_to_us"},
               {1186, arrow::duration(TimeUnit::NANO), "duration_ns_to_us"}};
  for (const auto& [oid, type, loss] : cases) {
    EXPECT_THAT(Into(TypeOf(oid), type, "[1000, 0]"), IsOk());
    ExpectBadRow(Into(TypeOf(oid), type, "[1000, 1001]"), 1, "--allow " + loss);
    const auto whole = CopyOf(FromJson(type, "[1000]"), TypeOf(oid));
    const auto cut = CopyOf(FromJson(type, "[1999]"), TypeOf(oid), {loss});
    EXPECT_EQ(*cut, *whole) << loss;
  }
  const auto interval = arrow::month_day_nano_interval();
  ExpectBadRow(Into(TypeOf(1186), interval, "[[0, 0, 1]]"), 0, "--allow duration_ns_to_us");
  EXPECT_THAT(Into(TypeOf(1186), interval, "[[0, 0, 1]]", {"duration_ns_to_us"}), IsOk());
  // Toward zero, as everywhere.
  const auto before = CopyOf(FromJson(arrow::timestamp(TimeUnit::NANO), "[-999]"), TypeOf(1114),
                             {"timestamp_ns_to_us"});
  EXPECT_EQ(*before, *CopyOf(FromJson(arrow::timestamp(TimeUnit::NANO), "[0]"), TypeOf(1114)));
}

TEST(CopyEncoder, RefusesDigitsThatTheServerWouldRoundAway) {
  const auto ms = arrow::timestamp(TimeUnit::MILLI);
  EXPECT_THAT(Into(TypeOf(1114, 0), ms, "[1000, -1000]"), IsOk());
  ExpectBadRow(Into(TypeOf(1114, 0), ms, "[1000, 1001]"), 1, "behind the second");
  EXPECT_THAT(Into(TypeOf(1114, 3), ms, "[1001]"), IsOk());
  ExpectBadRow(Into(TypeOf(1083, 3), arrow::time64(TimeUnit::MICRO), "[1000, 1001]"), 1,
               "behind the second");
  ExpectBadRow(Into(TypeOf(1186, 2147418114), arrow::duration(TimeUnit::MILLI), "[10, 11]"), 1,
               "behind the second");
}

TEST(CopyEncoder, RefusesTimesOutsideOfADay) {
  ExpectBadRow(Into(TypeOf(1083), arrow::time64(TimeUnit::MICRO), "[86400000001]"), 0, "a day");
  ExpectBadRow(Into(TypeOf(1083), arrow::time32(TimeUnit::SECOND), "[0, -1]"), 1, "a day");
}

TEST(CopyEncoder, RefusesDurationsBeyondAnInterval) {
  const auto seconds = arrow::duration(TimeUnit::SECOND);
  EXPECT_THAT(Into(TypeOf(1186), seconds, "[9223372036854, -9223372036854]"), IsOk());
  ExpectBadRow(Into(TypeOf(1186), seconds, "[9223372036855]"), 0, "value=9223372036855");
  ExpectBadRow(Into(TypeOf(1186), seconds, "[-9223372036855]"), 0, "range");
}

TEST(CopyEncoder, RefusesANullWhereTheColumnIsNeverNull) {
  const auto never = [](const std::shared_ptr<arrow::Array>& array, uint32_t oid) {
    return CopyOf(array, TypeOf(oid), {}, /*not_null=*/true).status();
  };
  EXPECT_THAT(never(FromJson(arrow::int8(), "[1, 2]"), 21), IsOk());
  ExpectBadRow(never(FromJson(arrow::int8(), "[1, null]"), 21), 1, "null in a column");
  ExpectBadRow(never(FromJson(arrow::null(), "[null]"), 21), 0, "null in a column");
  const auto dictionary = arrow::DictionaryArray::FromArrays(
      arrow::dictionary(arrow::int8(), arrow::utf8()), FromJson(arrow::int8(), "[0, 0, 1]"),
      FromJson(arrow::utf8(), R"(["a", null])"));
  ExpectBadRow(never(*dictionary, 25), 2, "null in a column");
  EXPECT_THAT(never((*dictionary)->Slice(0, 2), 25), IsOk());
  const auto runs = arrow::RunEndEncodedArray::Make(4, FromJson(arrow::int16(), "[3, 4]"),
                                                    FromJson(arrow::int8(), "[7, null]"));
  ExpectBadRow(never(*runs, 21), 3, "null in a column");
  ExpectBadRow(never((*runs)->Slice(2), 21), 1, "null in a column");
  EXPECT_THAT(never((*runs)->Slice(1, 2), 21), IsOk());
}

TEST(CopyEncoder, RefusesTwoOfOneNameWithinAStruct) {
  const arrow::Field field(
      "s", arrow::struct_({arrow::field("a", arrow::int8()), arrow::field("a", arrow::int8())}));
  EXPECT_THAT(CheckFit(field, {"s", TypeOf(3802)}, {}), FailsWith(kData, "column=s.a"));
}

TEST(CopyEncoder, RefusesANulInAJsonb) {
  const auto nul = Strings({"a", std::string(1, '\0')});
  const auto made = arrow::StructArray::Make({nul}, std::vector<std::string>{"x"}).ValueOrDie();
  ExpectBadRow(CopyOf(made, TypeOf(3802)).status(), 1, "NUL, which a jsonb cannot keep");
  EXPECT_THAT(CopyOf(made, TypeOf(114)), IsOk());
  EXPECT_THAT(CopyOf(made->Slice(0, 1), TypeOf(3802)), IsOk());
  // Only a suspicion: the text is no NUL's.
  const auto looks = arrow::StructArray::Make({Strings({std::string(1, '\0'), "\\u0000"})},
                                              std::vector<std::string>{"x"})
                         .ValueOrDie();
  EXPECT_THAT(CopyOf(looks->Slice(1), TypeOf(3802)), IsOk());
  const auto named =
      arrow::StructArray::Make({Strings({"a"})}, std::vector<std::string>{std::string("x\0", 2)});
  ExpectBadRow(CopyOf(*named, TypeOf(3802)).status(), 0, "NUL");
}

TEST(CopyEncoder, RefusesAnEscapedNulInJsonText) {
  const auto texts = Strings({R"("\\u0000")", R"("\\\u0000")"});
  ExpectBadRow(CopyOf(texts, TypeOf(3802)).status(), 1, "NUL");
  EXPECT_THAT(CopyOf(texts, TypeOf(114)), IsOk());
}

TEST(CopyEncoder, RefusesAMapWithAKeyTwiceAsAJsonb) {
  const auto maps = FromJson(arrow::map(arrow::utf8(), arrow::int8()),
                             R"([[["a", 1], ["b", 2]], [["a", 1], ["a", 2]], null])");
  ExpectBadRow(CopyOf(maps, TypeOf(3802)).status(), 1, "a key twice");
  EXPECT_THAT(CopyOf(maps->Slice(0, 1), TypeOf(3802)), IsOk());
  EXPECT_THAT(CopyOf(maps, TypeOf(114)), IsOk());
  // Pairs, not an object.
  EXPECT_THAT(CopyOf(FromJson(arrow::map(arrow::int8(), arrow::int8()), "[[[1, 1], [1, 2]]]"),
                     TypeOf(3802)),
              IsOk());
}

TEST(CopyEncoder, RefusesANegativeZeroInAJsonb) {
  for (const auto& type : {arrow::float16(), arrow::float32(), arrow::float64()}) {
    const auto made = arrow::struct_({arrow::field("f", arrow::list(type))});
    ExpectBadRow(Into(TypeOf(3802), made, R"([{"f": [0.0, -1.5]}, {"f": [0.5, -0.0]}])"), 1,
                 "sign a jsonb does not keep");
    EXPECT_THAT(Into(TypeOf(114), made, R"([{"f": [-0.0]}])"), IsOk());
  }
  const auto text =
      arrow::struct_({arrow::field("f", arrow::float64()), arrow::field("t", arrow::utf8())});
  EXPECT_THAT(CopyOf(FromJson(text, R"([{"f": -0.0, "t": ""}, {"f": 1, "t": "-0.0"}])")->Slice(1),
                     TypeOf(3802)),
              IsOk());
}

TEST(CopyEncoder, RefusesWhatTheJsonEncoderRefuses) {
  const auto nested = arrow::struct_({arrow::field("d", arrow::date32())});
  ExpectBadRow(Into(TypeOf(3802), nested, R"([{"d": 0}, {"d": 2932897}])"), 1,
               "column=c.d row=101");
}

TEST(CopyEncoder, RefusesABatchOfAnotherSchema) {
  const auto schema = arrow::schema({arrow::field("c", arrow::int8())});
  ASSERT_OK_AND_ASSIGN(const auto encoder, CopyEncoder::Make(schema, {{"c", TypeOf(21)}}, "t", {}));
  const auto other = FromJson(arrow::int16(), "[1]");
  const auto batch =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("c", arrow::int16())}), 1, {other});
  EXPECT_THAT(encoder->Encode(*batch, 0), FailsWith(kData, "another schema"));
}

}  // namespace
}  // namespace ampload::encode::pg
