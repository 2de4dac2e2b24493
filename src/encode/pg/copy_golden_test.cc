// Golden tuples. Each was made by a server, version 15:
//   psql -c "COPY (<the query of the comment>) TO STDOUT (FORMAT binary)" | xxd -p
// without the first 19 bytes (the header) and the last 2 (the trailer).
#include <arrow/extension/json.h>
#include <arrow/extension/uuid.h>
#include <gtest/gtest.h>

#include "encode/pg/copy_rows_for_test.h"
#include "matchers.h"

namespace ampload::encode::pg {
namespace {

using arrow::TimeUnit;

TEST(CopyGolden, HeaderAndTrailer) {
  // SELECT 1 WHERE false
  EXPECT_EQ(Hex(CopyHeader()), "5047434f50590aff0d0a000000000000000000");
  EXPECT_EQ(Hex(CopyTrailer()), "ffff");
}

TEST(CopyGolden, Booleans) {
  // VALUES (true), (false), (NULL)
  EXPECT_EQ(CopyHex(arrow::boolean(), "[true, false, null]"),
            "00010000000101000100000001000001ffffffff");
}

TEST(CopyGolden, Integers) {
  // SELECT unnest('{-32768,32767,NULL}'::smallint[])
  EXPECT_EQ(CopyHex(arrow::int16(), "[-32768, 32767, null]"),
            "00010000000280000001000000027fff0001ffffffff");
  // VALUES (integer '-2147483648'), (2147483647)
  EXPECT_EQ(CopyHex(arrow::int32(), "[-2147483648, 2147483647]"),
            "000100000004800000000001000000047fffffff");
  // VALUES (bigint '-9223372036854775808'), (9223372036854775807)
  EXPECT_EQ(CopyHex(arrow::int64(), "[-9223372036854775808, 9223372036854775807]"),
            "00010000000880000000000000000001000000087fffffffffffffff");
}

TEST(CopyGolden, Floats) {
  // SELECT unnest('{1.5,-0,NaN,Infinity,-Infinity,NULL}'::real[])
  EXPECT_EQ(CopyHex(arrow::float32(), "[1.5, -0.0, NaN, Inf, -Inf, null]"),
            "0001000000043fc00000000100000004800000000001000000047fc000000001000000047f8000000001"
            "00000004ff8000000001ffffffff");
  EXPECT_EQ(CopyHex(arrow::float16(), "[1.5]"), "0001000000043fc00000");
  // SELECT unnest('{0.1,-0,NaN,Infinity,-Infinity,5e-324}'::float8[])
  EXPECT_EQ(CopyHex(arrow::float64(), "[0.1, -0.0, NaN, Inf, -Inf, 5e-324]"),
            "0001000000083fb999999999999a00010000000880000000000000000001000000087ff8000000000000"
            "0001000000087ff0000000000000000100000008fff00000000000000001000000080000000000000001");
}

std::shared_ptr<arrow::Array> Decimals64(int32_t precision, int32_t scale,
                                         const std::vector<int64_t>& unscaled) {
  arrow::Decimal64Builder builder(arrow::decimal64(precision, scale));
  for (const int64_t value : unscaled) EXPECT_THAT(builder.Append(arrow::Decimal64(value)), IsOk());
  return builder.Finish().ValueOrDie();
}

TEST(CopyGolden, Numerics) {
  // SELECT unnest('{18446744073709551615,0,10000,9999,NULL}'::numeric(20,0)[])
  EXPECT_EQ(CopyHex(arrow::uint64(), "[18446744073709551615, 0, 10000, 9999, null]"),
            "000100000012000500040000000007341a5802e103bb064f000100000008000000000000000000010000"
            "000a0001000100000000000100010000000a0001000000000000270f0001ffffffff");
  // SELECT unnest('{1234.50,-0.05,0.00,100000000,
  //   -123456789012345678901234567890123456.78}'::numeric(38,2)[])
  EXPECT_EQ(CopyHex(arrow::decimal128(38, 2),
                    R"(["1234.50", "-0.05", "0.00", "100000000.00",
                        "-123456789012345678901234567890123456.78"])"),
            "00010000000c000200000000000204d2138800010000000a0001ffff4000000201f40001000000080000"
            "00000000000200010000000a0001000200000002000100010000001c000a00084000000204d2162e2334"
            "0d801ed204d2162e23340d801e78");
  // SELECT unnest('{0.123456789,0.000000001}'::numeric(9,9)[])
  EXPECT_EQ(CopyHex(arrow::decimal32(9, 9), R"(["0.123456789", "0.000000001"])"),
            "00010000000e0003ffff0000000904d2162e232800010000000a0001fffd0000000903e8");
  // SELECT unnest('{12000,-99999000,0}'::numeric(8,0)[])
  EXPECT_EQ(CopyHex(Decimals64(5, -3, {12, -99999, 0})),
            "00010000000c0002000100000000000107d000010000000c0002000140000000270f2328000100000008"
            "0000000000000000");
  // SELECT unnest('{<76 nines>,-1,1<60 zeros>}'::numeric(76,0)[])
  EXPECT_EQ(CopyHex(arrow::decimal256(76, 0), "[\"" + std::string(76, '9') + "\", \"-1\", \"1" +
                                                  std::string(60, '0') + "\"]"),
            "00010000002e0013001200000000270f270f270f270f270f270f270f270f270f270f270f270f270f270f"
            "270f270f270f270f270f00010000000a0001000040000000000100010000000a0001000f000000000001");
}

TEST(CopyGolden, Text) {
  // VALUES (text ''), ('a'), ('äöü 漢 🦀'), (NULL)
  const char* hex =
      "0001000000000001000000016100010000000fc3a4c3b6c3bc20e6bca220f09fa6800001ffffffff";
  for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view()}) {
    EXPECT_EQ(CopyHex(type, R"(["", "a", "äöü 漢 🦀", null])"), hex);
  }
}

TEST(CopyGolden, Bytes) {
  // VALUES (bytea '\x'), ('\x00ff'), (NULL)
  for (const auto& type : {arrow::binary(), arrow::large_binary(), arrow::binary_view()}) {
    auto builder = arrow::MakeBuilder(type).ValueOrDie();
    for (const std::string& value : {std::string(), std::string("\x00\xff", 2)}) {
      auto scalar = arrow::MakeScalar(type, arrow::Buffer::FromString(value)).ValueOrDie();
      ASSERT_THAT(builder->AppendScalar(*scalar), IsOk());
    }
    ASSERT_THAT(builder->AppendNull(), IsOk());
    EXPECT_EQ(CopyHex(builder->Finish().ValueOrDie()), "00010000000000010000000200ff0001ffffffff");
  }
}

TEST(CopyGolden, Dates) {
  // VALUES (date '1970-01-01'), ('2000-01-01'), ('2026-11-22'), ('4714-11-24 BC'),
  //        ('5874897-12-31'), (NULL)
  EXPECT_EQ(CopyHex(arrow::date32(), "[0, 10957, 20779, -2440588, 2145042905, null]"),
            "000100000004ffffd533000100000004000000000001000000040000265e000100000004ffda97a7000100"
            "0000047fda970c0001ffffffff");
  EXPECT_EQ(CopyHex(arrow::date64(), "[86400000, -86400000]"),
            "000100000004ffffd534000100000004ffffd532");
}

TEST(CopyGolden, Times) {
  // VALUES (time '00:00:00'), ('23:59:59.999999'), ('24:00:00'), (NULL)
  const std::string hex =
      "0001000000080000000000000000000100000008000000141dd75fff000100000008000000141dd760000001"
      "ffffffff";
  EXPECT_EQ(CopyHex(arrow::time64(TimeUnit::MICRO), "[0, 86399999999, 86400000000, null]"), hex);
  EXPECT_EQ(CopyHex(arrow::time64(TimeUnit::NANO), "[0, 86399999999000, 86400000000000, null]"),
            hex);
  EXPECT_EQ(CopyHex(arrow::time32(TimeUnit::SECOND), "[86400]"), "000100000008000000141dd76000");
  EXPECT_EQ(CopyHex(arrow::time32(TimeUnit::MILLI), "[86400000]"), "000100000008000000141dd76000");
}

TEST(CopyGolden, Timestamps) {
  // VALUES (timestamp '1970-01-01 00:00:00'), ('2026-11-22 03:04:05.678901'),
  //        ('4714-11-24 00:00:00 BC'), ('294247-01-10 04:00:54.775807'), (NULL)
  EXPECT_EQ(CopyHex(arrow::timestamp(TimeUnit::MICRO),
                    "[0, 1795316645678901, -210866803200000000, 9223372036854775807, null]"),
            "000100000008fffca2fec4c82000000100000008000303d37fb4ef35000100000008fd0f7cc1411fa00000"
            "01000000087ffca2fec4c81fff0001ffffffff");
  // VALUES (timestamptz '1970-01-01 00:00:00Z'), ('1969-12-31 23:59:59.999999Z')
  EXPECT_EQ(CopyHex(arrow::timestamp(TimeUnit::NANO, "Europe/Berlin"), "[0, -1000]"),
            "000100000008fffca2fec4c82000000100000008fffca2fec4c81fff");
  EXPECT_EQ(CopyHex(arrow::timestamp(TimeUnit::SECOND), "[0, -210866803200]"),
            "000100000008fffca2fec4c82000000100000008fd0f7cc1411fa000");
  EXPECT_EQ(CopyHex(arrow::timestamp(TimeUnit::MILLI), "[0, -210866803200000]"),
            "000100000008fffca2fec4c82000000100000008fd0f7cc1411fa000");
}

TEST(CopyGolden, Intervals) {
  // VALUES (interval '1.5 seconds'), ('-1 microsecond'), (NULL)
  const std::string durations =
      "000100000010000000000016e3600000000000000000000100000010ffffffffffffffff00000000000000000001"
      "ffffffff";
  EXPECT_EQ(CopyHex(arrow::duration(TimeUnit::MICRO), "[1500000, -1, null]"), durations);
  EXPECT_EQ(CopyHex(arrow::duration(TimeUnit::NANO), "[1500000000, -1000, null]"), durations);
  EXPECT_EQ(CopyHex(arrow::duration(TimeUnit::MILLI), "[1500]"), durations.substr(0, 44));
  // VALUES (interval '14 months'), ('-1 month'), (NULL)
  EXPECT_EQ(CopyHex(arrow::month_interval(), "[14, -1, null]"),
            "0001000000100000000000000000000000000000000e00010000001000000000000000000000"
            "0000ffffffff0001ffffffff");
  // VALUES (interval '2 days -00:00:00.25'), (NULL)
  EXPECT_EQ(CopyHex(arrow::day_time_interval(), "[[2, -250], null]"),
            "000100000010fffffffffffc2f7000000002000000000001ffffffff");
  // VALUES (interval '1 month -2 days 00:00:03.5'), (NULL)
  EXPECT_EQ(CopyHex(arrow::month_day_nano_interval(), "[[1, -2, 3500000000], null]"),
            "00010000001000000000003567e0fffffffe000000010001ffffffff");
}

std::shared_ptr<arrow::Array> Uuids(const std::shared_ptr<arrow::DataType>& type) {
  arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(16));
  EXPECT_THAT(builder.Append("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"),
              IsOk());
  EXPECT_THAT(builder.AppendNull(), IsOk());
  auto storage = builder.Finish().ValueOrDie();
  if (type->id() != arrow::Type::EXTENSION) return storage;
  return arrow::ExtensionType::WrapArray(type, storage);
}

TEST(CopyGolden, Uuids) {
  // VALUES (uuid '00112233-4455-6677-8899-aabbccddeeff'), (NULL)
  const char* hex = "00010000001000112233445566778899aabbccddeeff0001ffffffff";
  EXPECT_EQ(CopyHex(Uuids(arrow::extension::uuid())), hex);
  ASSERT_OK_AND_ASSIGN(const auto plain, CopyOf(Uuids(arrow::fixed_size_binary(16)), TypeOf(2950)));
  EXPECT_EQ(Hex(plain), hex);
}

TEST(CopyGolden, JsonText) {
  const auto texts = [](std::string_view json) {
    return arrow::ExtensionType::WrapArray(arrow::extension::json(), FromJson(arrow::utf8(), json));
  };
  // VALUES (json '{"a":1}'), ('null'), (NULL)
  ASSERT_OK_AND_ASSIGN(const auto json,
                       CopyOf(texts(R"(["{\"a\":1}", "null", null])"), TypeOf(114)));
  EXPECT_EQ(Hex(json), "0001000000077b2261223a317d0001000000046e756c6c0001ffffffff");
  // VALUES (jsonb '{"a": 1}'), (NULL)
  EXPECT_EQ(CopyHex(texts(R"(["{\"a\": 1}", null])")),
            "000100000009017b2261223a20317d0001ffffffff");
}

TEST(CopyGolden, StructsListsAndMapsAsJsonb) {
  // VALUES (jsonb '{"a": 1}'), (NULL); a jsonb is printed with a space, and read without
  const auto made = arrow::struct_({arrow::field("a", arrow::int32())});
  EXPECT_EQ(CopyHex(made, R"([{"a": 1}, null])"), "000100000008017b2261223a317d0001ffffffff");
  EXPECT_EQ(CopyHex(arrow::map(arrow::utf8(), arrow::int32()), R"([[["a", 1]], null])"),
            "000100000008017b2261223a317d0001ffffffff");
  // VALUES (jsonb '[[1]]')
  EXPECT_EQ(CopyHex(arrow::list(arrow::list(arrow::int8())), "[[[1]]]"),
            "000100000006015b5b315d5d");
}

TEST(CopyGolden, Arrays) {
  // VALUES ('{1,NULL,3}'::integer[]), ('{}'), (NULL), ('{7}')
  const char* hex =
      "00010000002800000001000000010000001700000003000000010000000400000001ffffffff00000004"
      "0000000300010000000c0000000000000000000000170001ffffffff00010000001c0000000100000000"
      "0000001700000001000000010000000400000007";
  for (const auto& type :
       {arrow::list(arrow::int32()), arrow::large_list(arrow::int32()),
        arrow::list_view(arrow::int32()), arrow::large_list_view(arrow::int32())}) {
    EXPECT_EQ(CopyHex(type, "[[1, null, 3], [], null, [7]]"), hex) << type->ToString();
  }
  // VALUES ('{a,""}'::text[]), ('{NULL}')
  EXPECT_EQ(CopyHex(arrow::list(arrow::utf8()), R"([["a", ""], [null]])"),
            "00010000001d000000010000000000000019000000020000000100000001610000000000010000001800"
            "00000100000001000000190000000100000001ffffffff");
  // VALUES ('{18446744073709551615}'::numeric(20,0)[])
  EXPECT_EQ(CopyHex(arrow::fixed_size_list(arrow::uint64(), 1), "[[18446744073709551615]]"),
            "00010000002a0000000100000000000006a4000000010000000100000012000500040000000007341a58"
            "02e103bb064f");
  // VALUES ('{"{\"a\": 1}"}'::jsonb[])
  ASSERT_OK_AND_ASSIGN(
      const auto objects,
      CopyOf(FromJson(arrow::list(arrow::utf8()), R"([["{\"a\": 1}"]])"), TypeOf(3807)));
  EXPECT_EQ(Hex(objects),
            "000100000021000000010000000000000eda000000010000000100000009017b2261223a20317d");
}

TEST(CopyGolden, TuplesOfSeveralColumns) {
  // VALUES (1, text 'x', NULL::bytea), (NULL, 'y', '\x01')
  const auto schema =
      arrow::schema({arrow::field("a", arrow::int32()), arrow::field("b", arrow::utf8()),
                     arrow::field("c", arrow::fixed_size_binary(1))});
  arrow::FixedSizeBinaryBuilder bytes(arrow::fixed_size_binary(1));
  ASSERT_THAT(bytes.AppendNull(), IsOk());
  ASSERT_THAT(bytes.Append("\x01"), IsOk());
  const auto batch = arrow::RecordBatch::Make(
      schema, 2,
      {FromJson(arrow::int32(), "[1, null]"), FromJson(arrow::utf8(), R"(["x", "y"])"),
       bytes.Finish().ValueOrDie()});
  ASSERT_OK_AND_ASSIGN(
      const auto encoder,
      CopyEncoder::Make(schema, {{"a", TypeOf(23)}, {"b", TypeOf(25)}, {"c", TypeOf(17)}}, "t",
                        {}));
  ASSERT_OK_AND_ASSIGN(const auto tuples, encoder->Encode(*batch, 0));
  EXPECT_EQ(Hex(tuples->ToString()),
            "000300000004000000010000000178ffffffff0003ffffffff00000001790000000101");
  ASSERT_OK_AND_ASSIGN(const auto none, encoder->Encode(*batch->Slice(2), 0));
  EXPECT_EQ(none->size(), 0);
}

TEST(CopyGolden, TuplesOfNoColumns) {
  // SELECT FROM generate_series(1, 2)
  const auto schema = arrow::schema(arrow::FieldVector{});
  ASSERT_OK_AND_ASSIGN(const auto encoder, CopyEncoder::Make(schema, {}, "t", {}));
  const auto batch = arrow::RecordBatch::Make(schema, 2, arrow::ArrayVector{});
  ASSERT_OK_AND_ASSIGN(const auto tuples, encoder->Encode(*batch, 0));
  EXPECT_EQ(Hex(tuples->ToString()), "00000000");
}

TEST(CopyGolden, DictionariesAndRunsAsTheirValues) {
  const auto values = FromJson(arrow::uint64(), "[18446744073709551615, null, 10000]");
  const auto indices = FromJson(arrow::int8(), "[2, 0, null, 1, 2]");
  const auto plain = CopyHex(arrow::uint64(), "[10000, 18446744073709551615, null, null, 10000]");
  EXPECT_EQ(CopyHex(arrow::DictionaryArray::FromArrays(
                        arrow::dictionary(arrow::int8(), arrow::uint64()), indices, values)
                        .ValueOrDie()),
            plain);
  const auto ends = FromJson(arrow::int32(), "[1, 2, 4, 5]");
  const auto runs = FromJson(arrow::uint64(), "[10000, 18446744073709551615, null, 10000]");
  EXPECT_EQ(CopyHex(arrow::RunEndEncodedArray::Make(5, ends, runs).ValueOrDie()), plain);
}

}  // namespace
}  // namespace ampload::encode::pg
