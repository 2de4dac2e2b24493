// Rows as a loader of a key-value store gets them.
#include "ampload/row_bytes.h"

#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::Optional;

std::shared_ptr<arrow::RecordBatch> TwoRows() {
  arrow::StringBuilder names;
  arrow::UInt64Builder numbers;
  EXPECT_TRUE(names.AppendValues({"a", "b"}).ok());
  EXPECT_TRUE(numbers.Append(UINT64_MAX).ok());
  EXPECT_TRUE(numbers.AppendNull().ok());
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("name", arrow::utf8()), arrow::field("n", arrow::uint64())}), 2,
      {names.Finish().ValueOrDie(), numbers.Finish().ValueOrDie()});
}

TEST(RowBytes, ARowIsOneTextInEachFormat) {
  EXPECT_THAT(RowsAsBytes(*TwoRows(), RowFormat::kJson).ValueOrDie(),
              ElementsAre(R"({"name":"a","n":18446744073709551615})", R"({"name":"b","n":null})"));
  // msgpack.packb({"name": "b", "n": None})
  EXPECT_EQ(RowsAsBytes(*TwoRows(), RowFormat::kMsgpack).ValueOrDie()[1],
            "\x82\xa4name\xa1"
            "b\xa1n\xc0");
}

TEST(RowBytes, AnArrowRowIsReadByArrow) {
  ASSERT_OK_AND_ASSIGN(const auto rows, RowsAsBytes(*TwoRows(), RowFormat::kArrowIpc));
  ASSERT_OK_AND_ASSIGN(const auto reader, arrow::ipc::RecordBatchStreamReader::Open(
                                              arrow::io::BufferReader::FromString(rows[1])));
  ASSERT_OK_AND_ASSIGN(const auto row, reader->ToRecordBatches());
  ASSERT_EQ(row.size(), 1U);
  EXPECT_TRUE(row[0]->Equals(*TwoRows()->Slice(1)));
}

TEST(RowBytes, RowsComeBack) {
  for (const auto format : {RowFormat::kMsgpack, RowFormat::kJson, RowFormat::kArrowIpc}) {
    ASSERT_OK_AND_ASSIGN(const auto rows, RowsAsBytes(*TwoRows(), format));
    ASSERT_OK_AND_ASSIGN(const auto back, RowsFromBytes(rows, format, TwoRows()->schema()));
    EXPECT_TRUE(back->Equals(*TwoRows()));
    EXPECT_THAT(RowsFromBytes({"no row"}, format, TwoRows()->schema()),
                FailsWith(FailureKind::kData, ""));
  }
}

TEST(RowBytes, AValueThatCannotBeStoredNamesItsRow) {
  arrow::StringBuilder texts;
  EXPECT_TRUE(texts.AppendValues({"fine", "\xff"}).ok());
  const auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("text", arrow::utf8())}),
                                              2, {texts.Finish().ValueOrDie()});
  const auto rows = RowsAsBytes(*batch, RowFormat::kJson);
  EXPECT_THAT(rows, FailsWith(FailureKind::kData, "text"));
  EXPECT_THAT(BadRowOf(rows.status()), Optional(Eq(1)));
}

TEST(RowBytes, ColumnsThatCannotBeStoredAreKnownBeforeTheFirstRow) {
  const auto both =
      arrow::schema({arrow::field("fine", arrow::utf8()),
                     arrow::field("bad", arrow::dense_union({arrow::field("i", arrow::int32())}))});
  for (const auto format : {RowFormat::kMsgpack, RowFormat::kJson, RowFormat::kArrowIpc}) {
    EXPECT_THAT(CheckColumns(*TwoRows()->schema(), format), IsOk());
    EXPECT_THAT(CheckColumns(*both, format), FailsWith(FailureKind::kData, "column=bad"));
  }
}

TEST(RowBytes, AColumnIsTextsAndANullIsNone) {
  EXPECT_THAT(ColumnAsText(*TwoRows(), 0).ValueOrDie(),
              ElementsAre(Optional(Eq("a")), Optional(Eq("b"))));
  EXPECT_THAT(ColumnAsText(*TwoRows(), 1).ValueOrDie(),
              ElementsAre(Optional(Eq("18446744073709551615")), Eq(std::nullopt)));
  EXPECT_THAT(ColumnAsText(*TwoRows(), 2), FailsWith(FailureKind::kData, "position=2 columns=2"));
}

TEST(RowBytes, ATextBecomesAFileNameOfItsOwn) {
  EXPECT_EQ(FileNameOf("log-7_Z"), "log-7_Z");
  EXPECT_EQ(FileNameOf("a/b c"), "a%2Fb%20c");
  EXPECT_EQ(FileNameOf("a%2Fb"), "a%252Fb");
  EXPECT_EQ(FileNameOf(".."), "%2E%2E");
  EXPECT_EQ(FileNameOf(std::string_view("\0\xff", 2)), "%00%FF");
  EXPECT_EQ(FileNameOf(""), "");
}

}  // namespace
}  // namespace ampload
