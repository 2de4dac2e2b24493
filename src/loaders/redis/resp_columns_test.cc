#include "loaders/redis/resp_columns.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "loaders/redis/rows_for_test.h"
#include "matchers.h"

namespace ampload::redis {
namespace {

constexpr int64_t kTooLong = kMaxValueBytes + 1;

// Lengths are looked at before any byte is: these have none.
TEST(ALongValue, IsABadRow) {
  const std::vector<int64_t> offsets = {0, kMaxValueBytes, kMaxValueBytes + kTooLong};
  CommandParts parts;
  parts.push_back({TextPart("$", nullptr, offsets), "data"});
  const auto refused = EncodeCommands(parts, 2, "logs", 10);
  EXPECT_THAT(refused, FailsWith(FailureKind::kData,
                                 "redis: a value is longer than the 512 MiB that Redis takes; "
                                 "leave the column out: table=logs column=data row=11 length=" +
                                     std::to_string(kTooLong)));
  EXPECT_EQ(BadRowOf(refused.status()), 1);
}

TEST(ALongValue, OfAFieldIsABadRow) {
  const std::vector<int32_t> offsets = {0, 5, 5 + static_cast<int32_t>(kTooLong)};
  const auto column = arrow::ArrayData::Make(
      arrow::binary(), 2,
      {nullptr, arrow::Buffer::FromVector(offsets), arrow::Buffer::FromString("short")}, 0);
  const auto batch = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("data", arrow::binary())}), 2, {arrow::MakeArray(column)});
  const auto refused = Encode({}, batch, 10);
  EXPECT_THAT(refused, FailsWith(FailureKind::kData, "table=logs column=data row=11 length="));
  EXPECT_EQ(BadRowOf(refused.status()), 1);
  EXPECT_THAT(Encode({.binary = encode::BinaryText::kHex}, batch),
              FailsWith(FailureKind::kData, "length=" + std::to_string(2 + 2 * kTooLong)));
}

TEST(ALength, HasItsOwnDigits) {
  for (const int64_t length : {0, 9, 10, 99, 100, 999, 1000, 12345}) {
    const std::string text(static_cast<size_t>(length), 'x');
    const std::vector<int64_t> offsets = {0, length};
    CommandParts parts;
    parts.push_back({TextPart("$", text.data(), offsets), ""});
    ASSERT_OK_AND_ASSIGN(const auto rows, EncodeCommands(parts, 1, "logs", 0));
    EXPECT_EQ(std::string(rows.row(0)) + "\r\n", Bulk(text));
  }
}

}  // namespace
}  // namespace ampload::redis
