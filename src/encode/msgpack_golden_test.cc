// Golden bytes of every type, each made by the Python command above it (msgpack 1.2.4).
#include <gtest/gtest.h>

#include "encode/rows_for_test.h"
#include "matchers.h"

namespace ampload::encode {
namespace {

TEST(MsgpackGolden, Booleans) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // [True, False, None])
  EXPECT_EQ(EncodeColumn(arrow::boolean(), R"([true, false, null])"), "81a163c381a163c281a163c0");
}

TEST(MsgpackGolden, UnsignedIntegersInTheirShortestForm) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // [0, 127, 128, 255, 256, 65535, 65536, 4294967295, 4294967296, 18446744073709551615, None])
  EXPECT_EQ(
      EncodeColumn(
          arrow::uint64(),
          R"([0, 127, 128, 255, 256, 65535, 65536, 4294967295, 4294967296, 18446744073709551615, null])"),
      "81a1630081a1637f81a163cc8081a163ccff81a163cd010081a163cdffff81a163ce0001000081a163ce"
      "ffffffff81a163cf000000010000000081a163cfffffffffffffffff81a163c0");
}

TEST(MsgpackGolden, SignedIntegersInTheirShortestForm) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // [1, -1, -32, -33, -128, -129, -32768, -32769, -2147483648, -2147483649, -9223372036854775808])
  EXPECT_EQ(
      EncodeColumn(
          arrow::int64(),
          R"([1, -1, -32, -33, -128, -129, -32768, -32769, -2147483648, -2147483649, -9223372036854775808])"),
      "81a1630181a163ff81a163e081a163d0df81a163d08081a163d1ff7f81a163d1800081a163d2ffff7fff"
      "81a163d28000000081a163d3ffffffff7fffffff81a163d38000000000000000");
}

TEST(MsgpackGolden, NarrowIntegers) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // [-128, 127, None])
  EXPECT_EQ(EncodeColumn(arrow::int8(), R"([-128, 127, null])"), "81a163d08081a1637f81a163c0");
}

TEST(MsgpackGolden, DoublesAsFloat64) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // [1.5, 0.1, -0.0, float('nan'), float('inf'), None])
  EXPECT_EQ(EncodeColumn(arrow::float64(), R"([1.5, 0.1, -0.0, NaN, Inf, null])"),
            "81a163cb3ff800000000000081a163cb3fb999999999999a81a163cb800000000000000081a163cb7ff8"
            "00000000000081a163cb7ff000000000000081a163c0");
}

TEST(MsgpackGolden, FloatsAsFloat32) {
  // b"".join(msgpack.packb({"c": v}, use_single_float=True) for v in
  // [1.5, float('-inf')])
  EXPECT_EQ(EncodeColumn(arrow::float32(), R"([1.5, -Inf])"), "81a163ca3fc0000081a163caff800000");
}

TEST(MsgpackGolden, HalfFloatsAsFloat32) {
  // b"".join(msgpack.packb({"c": v}, use_single_float=True) for v in
  // [1.5, -0.25, 65504.0])
  EXPECT_EQ(EncodeColumn(arrow::float16(), R"([1.5, -0.25, 65504])"),
            "81a163ca3fc0000081a163cabe80000081a163ca477fe000");
}

TEST(MsgpackGolden, DecimalsAsPlainDigits) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['1234.50', '-0.05', '0.00', '999999999999999999999999999999999999.99', None])
  EXPECT_EQ(EncodeColumn(
                arrow::decimal128(38, 2),
                R"(["1234.50", "-0.05", "0.00", "999999999999999999999999999999999999.99", null])"),
            "81a163a7313233342e353081a163a52d302e303581a163a4302e303081a163d927393939393939393939"
            "3939393939393939393939393939393939393939393939393939392e393981a163c0");
}

TEST(MsgpackGolden, NarrowDecimals) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['0.123456789', '-0.000000001'])
  EXPECT_EQ(EncodeColumn(arrow::decimal32(9, 9), R"(["0.123456789", "-0.000000001"])"),
            "81a163ab302e31323334353637383981a163ac2d302e303030303030303031");
}

TEST(MsgpackGolden, DecimalsOfNegativeScale) {
  // b"".join(msgpack.packb({"c": v}) for v in ['12000', '-99999000', '0'])
  auto unscaled = FromJson(arrow::int64(), "[12, -99999, 0]");
  ASSERT_OK_AND_ASSIGN(auto thousands, unscaled->View(arrow::decimal64(5, -3)));
  ASSERT_OK_AND_ASSIGN(auto rows, EncodeArray(thousands));
  EXPECT_EQ(Hex(AllBytes(rows)), "81a163a5313230303081a163a92d393939393930303081a163a130");
}

TEST(MsgpackGolden, DecimalsOf256Bits) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['115792089237316195423570985008687907853269984665640564039457', '-1'])
  EXPECT_EQ(
      EncodeColumn(arrow::decimal256(76, 0),
                   R"(["115792089237316195423570985008687907853269984665640564039457", "-1"])"),
      "81a163d93c31313537393230383932333733313631393534323335373039383530303836383739303738"
      "353332363939383436363536343035363430333934353781a163a22d31");
}

TEST(MsgpackGolden, Strings) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['', 'grüß dich', '0123456789012345678901234567890', '01234567890123456789012345678901', None])
  EXPECT_EQ(
      EncodeColumn(
          arrow::utf8(),
          R"(["", "gr\u00fc\u00df dich", "0123456789012345678901234567890", "01234567890123456789012345678901", null])"),
      "81a163a081a163ab6772c3bcc39f206469636881a163bf30313233343536373839303132333435363738"
      "39303132333435363738393081a163d92030313233343536373839303132333435363738393031323334"
      "3536373839303181a163c0");
}

TEST(MsgpackGolden, Binaries) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // [b'', b'abc', None])
  EXPECT_EQ(EncodeColumn(arrow::binary(), R"(["", "abc", null])"),
            "81a163c40081a163c40361626381a163c0");
}

TEST(MsgpackGolden, FixedBinaries) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // [b'01234567890123456789', None])
  EXPECT_EQ(EncodeColumn(arrow::fixed_size_binary(20), R"(["01234567890123456789", null])"),
            "81a163c414303132333435363738393031323334353637383981a163c0");
}

TEST(MsgpackGolden, Dates) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['1970-01-01', '2022-06-21', '0000-01-01', '9999-12-31', '1969-12-31', '2000-02-29'])
  EXPECT_EQ(EncodeColumn(arrow::date32(), R"([0, 19164, -719528, 2932896, -1, 11016])"),
            "81a163aa313937302d30312d303181a163aa323032322d30362d323181a163aa303030302d30312d3031"
            "81a163aa393939392d31322d333181a163aa313936392d31322d333181a163aa323030302d30322d3239");
}

TEST(MsgpackGolden, DatesOfMilliseconds) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['1970-01-02', '1969-12-31'])
  EXPECT_EQ(EncodeColumn(arrow::date64(), R"([86400000, -86400000])"),
            "81a163aa313937302d30312d303281a163aa313936392d31322d3331");
}

TEST(MsgpackGolden, TimesOfSecondsWithSixDigits) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['02:28:20.000000'])
  EXPECT_EQ(EncodeColumn(arrow::time32(arrow::TimeUnit::SECOND), R"([8900])"),
            "81a163af30323a32383a32302e303030303030");
}

TEST(MsgpackGolden, TimesOfMilliseconds) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['23:59:59.999000'])
  EXPECT_EQ(EncodeColumn(arrow::time32(arrow::TimeUnit::MILLI), R"([86399999])"),
            "81a163af32333a35393a35392e393939303030");
}

TEST(MsgpackGolden, TimesOfMicroseconds) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['00:00:00.000001', None])
  EXPECT_EQ(EncodeColumn(arrow::time64(arrow::TimeUnit::MICRO), R"([1, null])"),
            "81a163af30303a30303a30302e30303030303181a163c0");
}

TEST(MsgpackGolden, TimesOfNanosecondsWithNineDigits) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['00:00:00.000000001'])
  EXPECT_EQ(EncodeColumn(arrow::time64(arrow::TimeUnit::NANO), R"([1])"),
            "81a163b230303a30303a30302e303030303030303031");
}

TEST(MsgpackGolden, TimestampsOfSecondsWithSixDigits) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['2022-06-21T02:28:20.000000', '1969-12-31T23:59:59.000000'])
  EXPECT_EQ(EncodeColumn(arrow::timestamp(arrow::TimeUnit::SECOND), R"([1655778500, -1])"),
            "81a163ba323032322d30362d32315430323a32383a32302e30303030303081a163ba313936392d31322d"
            "33315432333a35393a35392e303030303030");
}

TEST(MsgpackGolden, TimestampsWithAZoneInUtc) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['2022-06-21T02:28:20.001000Z'])
  EXPECT_EQ(
      EncodeColumn(arrow::timestamp(arrow::TimeUnit::MILLI, "Asia/Kolkata"), R"([1655778500001])"),
      "81a163bb323032322d30362d32315430323a32383a32302e3030313030305a");
}

TEST(MsgpackGolden, TimestampsOfNanosecondsWithNineDigits) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['2022-06-21T02:28:20.000000001Z', '1677-09-21T00:12:43.145224192Z'])
  EXPECT_EQ(EncodeColumn(arrow::timestamp(arrow::TimeUnit::NANO, "+00:00"),
                         R"([1655778500000000001, -9223372036854775808])"),
            "81a163be323032322d30362d32315430323a32383a32302e3030303030303030315a81a163be31363737"
            "2d30392d32315430303a31323a34332e3134353232343139325a");
}

TEST(MsgpackGolden, Durations) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['PT0S', 'PT1.5S', 'PT-1.5S', 'PT86400S', 'PT-0.001S'])
  EXPECT_EQ(
      EncodeColumn(arrow::duration(arrow::TimeUnit::MILLI), R"([0, 1500, -1500, 86400000, -1])"),
      "81a163a45054305381a163a65054312e355381a163a750542d312e355381a163a8505438363430305381"
      "a163a950542d302e30303153");
}

TEST(MsgpackGolden, IntervalsOfMonths) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['P14M', 'P-1M', 'P0M'])
  EXPECT_EQ(EncodeColumn(arrow::month_interval(), R"([14, -1, 0])"),
            "81a163a45031344d81a163a4502d314d81a163a350304d");
}

TEST(MsgpackGolden, IntervalsOfDaysAndMilliseconds) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['P1DT-0.25S', 'PT0S', 'P-3D'])
  EXPECT_EQ(EncodeColumn(arrow::day_time_interval(), R"([[1, -250], [0, 0], [-3, 0]])"),
            "81a163aa503144542d302e32355381a163a45054305381a163a4502d3344");
}

TEST(MsgpackGolden, IntervalsOfMonthsDaysAndNanoseconds) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['P1M-2DT3.5S', 'PT-0.000000001S'])
  EXPECT_EQ(EncodeColumn(arrow::month_day_nano_interval(), R"([[1, -2, 3500000000], [0, 0, -1]])"),
            "81a163ab50314d2d324454332e355381a163af50542d302e30303030303030303153");
}

TEST(MsgpackGolden, Lists) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // [[1, None, 300], [], None])
  EXPECT_EQ(EncodeColumn(arrow::list(arrow::int32()), R"([[1, null, 300], [], null])"),
            "81a1639301c0cd012c81a1639081a163c0");
}

TEST(MsgpackGolden, ListsOfFixedLength) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // [['a', 'b'], None])
  EXPECT_EQ(EncodeColumn(arrow::fixed_size_list(arrow::utf8(), 2), R"([["a", "b"], null])"),
            "81a16392a161a16281a163c0");
}

TEST(MsgpackGolden, Structs) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // [{'x': 1, 'y': ['z']}, None, {'x': None, 'y': None}])
  EXPECT_EQ(EncodeColumn(arrow::struct_({arrow::field("x", arrow::int32()),
                                         arrow::field("y", arrow::list(arrow::utf8()))}),
                         R"([{"x": 1, "y": ["z"]}, null, {"x": null, "y": null}])"),
            "81a16382a17801a17991a17a81a163c081a16382a178c0a179c0");
}

TEST(MsgpackGolden, MapsWithKeysOfAnyType) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // [{7: 'seven', -1: None}, {}, None])
  EXPECT_EQ(EncodeColumn(arrow::map(arrow::int64(), arrow::utf8()),
                         R"([[[7, "seven"], [-1, null]], [], null])"),
            "81a1638207a5736576656effc081a1638081a163c0");
}

TEST(MsgpackGolden, DictionariesAsTheirValues) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // ['a', 'b', None, 'a'])
  EXPECT_EQ(
      EncodeColumn(arrow::dictionary(arrow::int8(), arrow::utf8()), R"(["a", "b", null, "a"])"),
      "81a163a16181a163a16281a163c081a163a161");
}

TEST(MsgpackGolden, Nulls) {
  // b"".join(msgpack.packb({"c": v}) for v in
  // [None])
  EXPECT_EQ(EncodeColumn(arrow::null(), R"([null])"), "81a163c0");
}

}  // namespace
}  // namespace ampload::encode
