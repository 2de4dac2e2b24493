#include "loaders/lmdb/key_encoder.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/arrow_compute.h"
#include "base/hex.h"
#include "matchers.h"

namespace ampload::lmdb {
namespace {

std::shared_ptr<arrow::Array> Column(const std::shared_ptr<arrow::DataType>& type,
                                     const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> Batch(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays.front()->length(), arrays);
}

Result<std::vector<std::string>> HexKeys(const arrow::RecordBatch& batch,
                                         const KeyDefinition& key) {
  ARROW_ASSIGN_OR_RAISE(const auto encoder, KeyEncoder::Make(*batch.schema(), key, "t"));
  ARROW_ASSIGN_OR_RAISE(const auto keys, encoder->Encode(batch, 0));
  std::vector<std::string> out;
  for (int64_t i = 0; i < keys.size(); ++i) out.push_back(base::ToHex(keys.key(i)));
  return out;
}

using ::testing::ElementsAre;

// Goldens by Python's struct: struct.pack('>I', 7).hex(), struct.pack('>h', -1 ^ -0x8000).hex() and
// the like.
TEST(KeyEncoder, UnsignedIntegersAreBigEndianAtTheirWidth) {
  const auto batch = Batch({{"a", Column(arrow::uint8(), "[0, 255]")},
                            {"b", Column(arrow::uint32(), "[7, 4294967295]")},
                            {"c", Column(arrow::uint64(), "[1, 18446744073709551615]")}});
  EXPECT_THAT(HexKeys(*batch, {{"a"}, ""}).ValueOrDie(), ElementsAre("00", "ff"));
  EXPECT_THAT(HexKeys(*batch, {{"b"}, ""}).ValueOrDie(), ElementsAre("00000007", "ffffffff"));
  EXPECT_THAT(HexKeys(*batch, {{"c"}, ""}).ValueOrDie(),
              ElementsAre("0000000000000001", "ffffffffffffffff"));
}

TEST(KeyEncoder, SignedIntegersHaveTheirSignBitFlipped) {
  const auto batch = Batch({{"a", Column(arrow::int16(), "[-32768, -1, 0, 32767]")},
                            {"b", Column(arrow::int8(), "[-128, -1, 0, 127]")}});
  EXPECT_THAT(HexKeys(*batch, {{"a"}, ""}).ValueOrDie(),
              ElementsAre("0000", "7fff", "8000", "ffff"));
  EXPECT_THAT(HexKeys(*batch, {{"b"}, ""}).ValueOrDie(), ElementsAre("00", "7f", "80", "ff"));
}

TEST(KeyEncoder, StringsAreEscapedUnlessTheyAreLast) {
  arrow::BinaryBuilder builder;
  ASSERT_TRUE(builder.Append(std::string("a\0b", 3)).ok());
  ASSERT_TRUE(builder.Append("").ok());
  const auto bytes = builder.Finish().ValueOrDie();
  const auto batch = Batch({{"s", bytes}, {"n", Column(arrow::uint8(), "[1, 2]")}});
  EXPECT_THAT(HexKeys(*batch, {{"s", "n"}, ""}).ValueOrDie(),
              ElementsAre("6100ff62000001", "000002"));
  EXPECT_THAT(HexKeys(*batch, {{"n", "s"}, ""}).ValueOrDie(), ElementsAre("01610062", "02"));
}

TEST(KeyEncoder, FixedBinaryStandsAsItIs) {
  arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(3));
  ASSERT_TRUE(builder.Append(std::string("\0\x01\xff", 3)).ok());
  const auto bytes = builder.Finish().ValueOrDie();
  const auto batch = Batch({{"h", bytes}, {"n", Column(arrow::uint8(), "[9]")}});
  EXPECT_THAT(HexKeys(*batch, {{"h", "n"}, ""}).ValueOrDie(), ElementsAre("0001ff09"));
}

TEST(KeyEncoder, APatternIsItsText) {
  const auto batch = Batch({{"n", Column(arrow::int64(), "[-12, 15000000]")},
                            {"s", Column(arrow::utf8(), R"(["x", ""])")}});
  ASSERT_OK_AND_ASSIGN(const auto keys, HexKeys(*batch, {{}, "{table}:{n}/{s}"}));
  EXPECT_THAT(keys, ElementsAre(base::ToHex("t:-12/x"), base::ToHex("t:15000000/")));
}

TEST(KeyEncoder, ReadsSlicesDictionariesAndRunEndsAsWhatTheyStandFor) {
  ASSERT_THAT(base::InitializeArrowCompute(), IsOk());
  const auto plain = Column(arrow::utf8(), R"(["zz", "b", "a", "b"])");
  const auto dictionary = arrow::compute::DictionaryEncode(plain).ValueOrDie().make_array();
  const auto runs = arrow::compute::RunEndEncode(plain).ValueOrDie().make_array();
  for (const auto& array : {plain, dictionary, runs}) {
    const auto batch = Batch({{"s", array}})->Slice(1, 3);
    EXPECT_THAT(HexKeys(*batch, {{"s"}, ""}).ValueOrDie(), ElementsAre("62", "61", "62"));
  }
}

// Keys sort as their columns do: the promise that range reads rest on.
TEST(KeyEncoder, CompositeKeysSortAsTheirColumns) {
  std::mt19937 random(7);
  arrow::Int32Builder numbers;
  arrow::BinaryBuilder texts;
  std::vector<std::pair<std::string, int32_t>> rows;
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (auto n = random() % 5; n > 0; --n)
      text.push_back(static_cast<char>("\0\x01\xfe\xff"[random() % 4]));
    const auto number = static_cast<int32_t>(random());
    rows.emplace_back(text, number);
    ASSERT_TRUE(texts.Append(text).ok() && numbers.Append(number).ok());
  }
  const auto batch =
      Batch({{"s", texts.Finish().ValueOrDie()}, {"n", numbers.Finish().ValueOrDie()}});
  ASSERT_OK_AND_ASSIGN(const auto encoder,
                       KeyEncoder::Make(*batch->schema(), {{"s", "n"}, ""}, "t"));
  ASSERT_OK_AND_ASSIGN(const auto keys, encoder->Encode(*batch, 0));
  for (size_t i = 1; i < rows.size(); ++i) {
    const auto a = static_cast<int64_t>(i - 1);
    const auto b = static_cast<int64_t>(i);
    EXPECT_EQ(keys.key(a) < keys.key(b), rows[i - 1] < rows[i]) << i;
  }
}

TEST(KeyEncoder, SaysWhetherKeysAscend) {
  const auto batch = Batch(
      {{"a", Column(arrow::uint8(), "[1, 2, 9]")}, {"b", Column(arrow::uint8(), "[1, 2, 2]")}});
  const auto ascending = [&](const std::string& column) {
    return KeyEncoder::Make(*batch->schema(), {{column}, ""}, "t")
        .ValueOrDie()
        ->Encode(*batch, 0)
        .ValueOrDie()
        .ascending;
  };
  EXPECT_TRUE(ascending("a"));
  EXPECT_FALSE(ascending("b"));
}

TEST(KeyEncoder, RefusesANullWithItsRow) {
  const auto batch = Batch({{"s", Column(arrow::utf8(), R"(["a", null])")}});
  ASSERT_OK_AND_ASSIGN(const auto encoder, KeyEncoder::Make(*batch->schema(), {{"s"}, ""}, "t"));
  const auto keys = encoder->Encode(*batch, 100);
  EXPECT_THAT(keys, FailsWith(FailureKind::kData, "table=t column=s row=101"));
  EXPECT_EQ(BadRowOf(keys.status()), 1);
}

TEST(KeyEncoder, RefusesAKeyThatIsTooLongOrEmpty) {
  const auto fits = Batch({{"s", Column(arrow::utf8(), "[\"" + std::string(511, 'x') + "\"]")}});
  EXPECT_THAT(HexKeys(*fits, {{"s"}, ""}), IsOk());
  const auto long_one =
      Batch({{"s", Column(arrow::utf8(), "[\"" + std::string(512, 'x') + "\"]")}});
  EXPECT_THAT(HexKeys(*long_one, {{"s"}, ""}), FailsWith(FailureKind::kData, "row=0 length=512"));
  const auto empty = Batch({{"s", Column(arrow::utf8(), R"(["a", "b", ""])")}});
  EXPECT_THAT(HexKeys(*empty, {{"s"}, ""}), FailsWith(FailureKind::kData, "empty"));
  EXPECT_EQ(BadRowOf(HexKeys(*empty, {{"s"}, ""}).status()), 2);
  EXPECT_EQ(BadRowOf(HexKeys(*long_one, {{"s"}, ""}).status()), 0);
}

TEST(KeyEncoder, RefusesAnUnknownColumnAndNamesTheNearest) {
  const auto batch = Batch({{"block_num", Column(arrow::uint64(), "[1]")}});
  EXPECT_THAT(HexKeys(*batch, {{"block_nums"}, ""}),
              FailsWith(FailureKind::kConfiguration, "did you mean block_num?"));
  EXPECT_THAT(HexKeys(*batch, {{}, "{blocknum}"}),
              FailsWith(FailureKind::kConfiguration, "did you mean block_num?"));
}

TEST(KeyEncoder, RefusesTypesThatAreNoKey) {
  const auto batch =
      Batch({{"f", Column(arrow::float64(), "[1]")}, {"b", Column(arrow::boolean(), "[true]")}});
  EXPECT_THAT(HexKeys(*batch, {{"f"}, ""}), FailsWith(FailureKind::kConfiguration, "type=double"));
  EXPECT_THAT(HexKeys(*batch, {{"b"}, ""}), FailsWith(FailureKind::kConfiguration, "type=bool"));
}

TEST(KeyEncoder, DescribesAKeyAsAPersonWould) {
  const auto batch = Batch({{"n", Column(arrow::int32(), "[-5]")},
                            {"s", Column(arrow::utf8(), R"(["abc"])")},
                            {"u", Column(arrow::uint16(), "[7]")}});
  ASSERT_OK_AND_ASSIGN(const auto encoder,
                       KeyEncoder::Make(*batch->schema(), {{"n", "s", "u"}, ""}, "t"));
  ASSERT_OK_AND_ASSIGN(const auto keys, encoder->Encode(*batch, 0));
  EXPECT_EQ(encoder->Describe(keys.key(0)), "n=-5 s=abc u=7");
}

}  // namespace
}  // namespace ampload::lmdb
