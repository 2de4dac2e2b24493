#include "encode/key_pattern.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "encode/rows_for_test.h"
#include "encode/text_extent.h"
#include "matchers.h"
#include "random_columns.h"

namespace ampload::encode {
namespace {

using ::testing::ElementsAre;

std::string Split(std::string_view pattern) {
  const auto parts = SplitPattern(pattern, "logs");
  if (!parts.ok()) return parts.status().ToString();
  std::string all;
  for (const auto& part : *parts) all += part.is_column ? "<" + part.text + ">" : part.text + "|";
  return all;
}

TEST(KeyPattern, IsTextsAndColumns) {
  EXPECT_EQ(Split("{table}:{a}"), "logs:|<a>");
  EXPECT_EQ(Split("x{table}{table}y{a}{b}z"), "xlogslogsy|<a><b>z|");
  EXPECT_EQ(Split(""), "");
  EXPECT_EQ(Split("a}b"), "a}b|");
  ASSERT_OK_AND_ASSIGN(const auto columns, ColumnsOfPattern("{b}{table}{a}:{b}"));
  EXPECT_THAT(columns, ElementsAre("b", "a", "b"));
  EXPECT_THAT(ColumnsOfPattern("{table}:{a"),
              FailsWith(FailureKind::kConfiguration,
                        "key_pattern lacks a closing brace: key_pattern={table}:{a"));
}

using Types = std::vector<std::shared_ptr<arrow::DataType>>;

// {0}, {1} ... name the types.
bool TellsApart(std::string_view pattern, const Types& types,
                BinaryText binaries = BinaryText::kBytes) {
  const auto parts = SplitPattern(pattern, "t").ValueOrDie();
  std::vector<TextExtent> extents(parts.size());
  for (size_t p = 0; p < parts.size(); ++p) {
    if (parts[p].is_column) {
      extents[p] = ExtentOf(*types[static_cast<size_t>(std::stoi(parts[p].text))], binaries);
    }
  }
  return TellsKeysApart(parts, extents);
}

TEST(KeyPattern, TellsKeysApartWhereAllButOneColumnEnd) {
  const Types numbers = {arrow::int32(), arrow::uint8(), arrow::int64()};
  EXPECT_TRUE(TellsApart("{table}:{0}", numbers));
  EXPECT_TRUE(TellsApart("{0}:{1}:{2}", numbers));
  EXPECT_TRUE(TellsApart("{0}-{2}", numbers));  // a sign stands only in front
  EXPECT_FALSE(TellsApart("{0}{1}", numbers));
  EXPECT_FALSE(TellsApart("{0}9{1}", numbers));
  const Types one_text = {arrow::utf8(), arrow::uint8(), arrow::int8()};
  EXPECT_TRUE(TellsApart("{0}", one_text));
  EXPECT_TRUE(TellsApart("{1}:{0}:{1}", one_text));
  EXPECT_TRUE(TellsApart("{0}-{1}", one_text));
  EXPECT_FALSE(TellsApart("{0}-{2}", one_text));  // is it a sign?
  EXPECT_FALSE(TellsApart("{0}{1}", one_text));
  EXPECT_FALSE(TellsApart("{0}:{0}", one_text));
}

TEST(KeyPattern, TellsKeysApartByWidthsAndLetters) {
  const Types types = {arrow::fixed_size_binary(4),
                       arrow::binary(),
                       arrow::float64(),
                       arrow::timestamp(arrow::TimeUnit::SECOND),
                       arrow::boolean(),
                       arrow::decimal128(5, 2)};
  EXPECT_TRUE(TellsApart("{0}{0}{1}{0}", types));
  EXPECT_TRUE(TellsApart("{3}{4}{3}{4}{1}", types));
  EXPECT_FALSE(TellsApart("{1}:{1}", types));
  EXPECT_TRUE(TellsApart("{1}:{1}", types, BinaryText::kHex));
  EXPECT_FALSE(TellsApart("{1}a{1}", types, BinaryText::kHex));
  EXPECT_TRUE(TellsApart("{2}:{2}", types));
  EXPECT_FALSE(TellsApart("{2}-{2}", types));
  EXPECT_TRUE(TellsApart("{5}:{5}", types));
  EXPECT_FALSE(TellsApart("{5}.{5}", types));
}

// What is promised of a type's texts holds for random values of it.
class Extents : public ::testing::TestWithParam<uint64_t> {};

TEST_P(Extents, HoldForRandomValues) {
  RandomColumns random(GetParam());
  for (const auto binaries : {BinaryText::kBytes, BinaryText::kHex}) {
    const auto batch = random.Batch(20, 40);
    ASSERT_OK_AND_ASSIGN(const auto encoder, TextEncoder::Make(batch->schema(), binaries));
    ASSERT_OK_AND_ASSIGN(const auto fields, encoder->Encode(*batch));
    for (int c = 0; c < batch->num_columns(); ++c) {
      const auto extent = ExtentOf(*batch->column(c)->type(), binaries);
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        if (fields.is_absent(row, c)) continue;
        std::string_view text = fields.field(row, c);
        const std::string what = batch->column(c)->type()->ToString() + " " + std::string(text);
        if (extent.width.has_value()) {
          ASSERT_EQ(static_cast<int64_t>(text.size()), *extent.width) << what;
        }
        if (extent.sign && text.starts_with('-')) text.remove_prefix(1);
        if (extent.chars.empty()) continue;
        ASSERT_FALSE(text.empty()) << what;
        ASSERT_EQ(text.find_first_not_of(extent.chars), std::string_view::npos) << what;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Extents, ::testing::Range<uint64_t>(1, 31));

}  // namespace
}  // namespace ampload::encode
