#include "encode/text_decoder.h"

#include <gtest/gtest.h>

#include "encode/rows_for_test.h"
#include "encode/same_values_for_test.h"
#include "matchers.h"
#include "random_columns.h"

namespace ampload::encode {
namespace {

std::vector<TextRow> RowsOf(const EncodedFields& fields) {
  std::vector<TextRow> rows(static_cast<size_t>(fields.num_rows));
  for (int64_t i = 0; i < fields.num_rows; ++i) {
    for (int64_t c = 0; c < fields.num_columns; ++c) {
      auto& row = rows[static_cast<size_t>(i)];
      row.push_back(fields.is_absent(i, c) ? std::nullopt : std::optional(fields.field(i, c)));
    }
  }
  return rows;
}

// One column "c" of that type, from one text.
Result<std::shared_ptr<arrow::RecordBatch>> Decode(const std::shared_ptr<arrow::DataType>& type,
                                                   std::string_view text,
                                                   BinaryText binaries = BinaryText::kBytes) {
  const std::vector<TextRow> rows = {{text}};
  return DecodeFields(arrow::schema({arrow::field("c", type)}), rows, binaries);
}

class RandomFields : public ::testing::TestWithParam<std::tuple<BinaryText, uint64_t>> {};

TEST_P(RandomFields, ComeBackFromTheirTexts) {
  const auto [binaries, seed] = GetParam();
  RandomColumns random(seed);
  for (int table = 0; table < 4; ++table) {
    const auto batch = random.Batch(static_cast<int>(random.Roll(20)), random.Roll(60));
    ASSERT_OK_AND_ASSIGN(const auto encoder, TextEncoder::Make(batch->schema(), binaries));
    ASSERT_OK_AND_ASSIGN(const auto fields, encoder->Encode(*batch));
    ASSERT_OK_AND_ASSIGN(const auto back, DecodeFields(batch->schema(), RowsOf(fields), binaries));
    ASSERT_NO_FATAL_FAILURE(ExpectSameValues(*batch, *back));
  }
}

// What damaged texts decode to, if to anything, is a valid table.
TEST_P(RandomFields, AreDecodedSafelyWhenDamaged) {
  const auto [binaries, seed] = GetParam();
  RandomColumns random(seed);
  const auto batch = random.Batch(10, 8);
  ASSERT_OK_AND_ASSIGN(const auto encoder, TextEncoder::Make(batch->schema(), binaries));
  ASSERT_OK_AND_ASSIGN(const auto fields, encoder->Encode(*batch));
  for (int attempt = 0; attempt < 200; ++attempt) {
    auto rows = RowsOf(fields);
    auto& field = rows[static_cast<size_t>(random.Roll(8))][static_cast<size_t>(random.Roll(10))];
    std::string text(field.value_or(""));
    const auto at = static_cast<size_t>(random.Roll(static_cast<int64_t>(text.size()) + 1));
    if (random.Roll(2) == 0) {
      text.insert(at, 1, static_cast<char>(random.Roll(256)));
    } else {
      text.erase(at, 1 + static_cast<size_t>(random.Roll(3)));
    }
    // A copy of exactly its size, so that ASan sees a read beyond its end.
    const std::vector<char> exact(text.begin(), text.end());
    field = std::string_view(exact.data(), exact.size());
    const auto back = DecodeFields(batch->schema(), rows, binaries);
    if (back.ok()) {
      EXPECT_THAT((*back)->ValidateFull(), IsOk());
    } else {
      EXPECT_THAT(back, FailsWith(FailureKind::kData, "row="));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomFields,
                         ::testing::Combine(::testing::Values(BinaryText::kBytes, BinaryText::kHex),
                                            ::testing::Range<uint64_t>(1, 21)));

TEST(TextDecoder, RefusesWhatItsTypeCannotHold) {
  const auto refused = [](const std::shared_ptr<arrow::DataType>& type, std::string_view text,
                          const std::string& what) {
    EXPECT_THAT(Decode(type, text), FailsWith(FailureKind::kData, "text: " + what)) << text;
  };
  refused(arrow::int8(), "128", "the integer does not fit the column's type: column=c row=0");
  refused(arrow::uint64(), "-1", "the integer does not fit the column's type: column=c row=0");
  refused(arrow::int64(), "", "not an integer of at most 64 bits: column=c row=0");
  refused(arrow::int64(), "1 ", "not an integer of at most 64 bits: column=c row=0");
  refused(arrow::boolean(), "TRUE", "not a bool: column=c row=0");
  refused(arrow::float64(), "nan", "not a float: column=c row=0");
  refused(arrow::float64(), "Infinity", "not a float: column=c row=0");
  refused(arrow::float16(), "0.1", "the float does not fit the column's type: column=c row=0");
  refused(arrow::date32(), "2022-6-21", "not a date as YYYY-MM-DD: column=c row=0");
  refused(arrow::decimal128(4, 2), "123.45", "not a decimal of the column's precision and scale");
  refused(arrow::utf8(), "\xff", "the string is not UTF-8: column=c row=0");
  refused(arrow::fixed_size_binary(2), "abc", "the binary has another length than the column");
  refused(arrow::null(), "", "a value, not null: column=c row=0");
  refused(arrow::list(arrow::int8()), "[1,",
          "not valid JSON: Invalid value. offset=3: column=c row=0");
  refused(arrow::list(arrow::int8()), "[1]]", "not valid JSON: ");
  refused(arrow::list(arrow::int8()), "[300]",
          "the integer does not fit the column's type: column=c[] row=0");
  EXPECT_THAT(Decode(arrow::binary(), "00ff", BinaryText::kHex),
              FailsWith(FailureKind::kData, "not a binary as 0x and hex digits: column=c row=0"));
}

TEST(TextDecoder, RefusesRowsOfAnotherLength) {
  const auto schema = arrow::schema({arrow::field("c", arrow::int8())});
  EXPECT_THAT(DecodeFields(schema, std::vector<TextRow>{{"1"}, {}}, BinaryText::kBytes),
              FailsWith(FailureKind::kData, "the row has not one field for each column: row=1"));
}

TEST(TextDecoder, TellsAnEmptyFieldFromNone) {
  const auto schema = arrow::schema({arrow::field("c", arrow::utf8())});
  ASSERT_OK_AND_ASSIGN(
      const auto batch,
      DecodeFields(schema, std::vector<TextRow>{{""}, {std::nullopt}}, BinaryText::kBytes));
  EXPECT_TRUE(batch->column(0)->Equals(*FromJson(arrow::utf8(), R"(["", null])")));
}

}  // namespace
}  // namespace ampload::encode
