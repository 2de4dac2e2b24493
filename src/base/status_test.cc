#include "ampload/status.h"

#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload {
namespace {

TEST(BadRow, IsADataErrorThatCarriesItsRow) {
  const Status status = BadRowError(7, "lmdb: a key column is null: row=107");
  EXPECT_THAT(status, FailsWith(FailureKind::kData, "lmdb: a key column is null: row=107"));
  EXPECT_EQ(BadRowOf(status), 7);
  EXPECT_EQ(MessageOf(status), "lmdb: a key column is null: row=107");
}

TEST(BadRow, StaysWithContext) {
  EXPECT_EQ(BadRowOf(WithContext(BadRowError(0, "what"), "where")), 0);
}

TEST(BadRow, IsNoneWhereNoRowAloneIsToBlame) {
  EXPECT_EQ(BadRowOf(Status::OK()), std::nullopt);
  EXPECT_EQ(BadRowOf(DataError("row=7")), std::nullopt);
  EXPECT_EQ(BadRowOf(PermanentError("row=7", "EIO")), std::nullopt);
  EXPECT_EQ(BadRowOf(Status::Invalid("row=7")), std::nullopt);
}

}  // namespace
}  // namespace ampload
