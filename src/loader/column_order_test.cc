#include "loader/column_order.h"

#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload {
namespace {

std::shared_ptr<arrow::RecordBatch> Batch() {
  const auto column = [](const std::shared_ptr<arrow::DataType>& type, const char* json) {
    return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
  };
  const auto schema =
      arrow::schema({arrow::field("a", arrow::int8()), arrow::field("b", arrow::utf8())});
  return arrow::RecordBatch::Make(
      schema, 3,
      {column(arrow::int8(), "[1, null, 3]"), column(arrow::utf8(), R"(["x", "y", "z"])")});
}

TEST(ColumnOrder, IsTheSessions) {
  const auto batch = Batch();
  ASSERT_OK_AND_ASSIGN(const auto same, InOrder("lmdb", batch, *batch->schema(), "t"));
  EXPECT_EQ(same.get(), batch.get());
  ASSERT_OK_AND_ASSIGN(const auto turned, batch->SelectColumns({1, 0}));
  ASSERT_OK_AND_ASSIGN(const auto back, InOrder("lmdb", turned, *batch->schema(), "t"));
  EXPECT_TRUE(back->Equals(*batch));
}

TEST(ColumnOrder, IsRefusedForOtherColumns) {
  const auto batch = Batch();
  const auto refused = [&](const arrow::Schema& session) {
    EXPECT_THAT(InOrder("lmdb", batch, session, "t"),
                FailsWith(FailureKind::kData,
                          "lmdb: a batch has another schema than the session's: table=t"));
  };
  const auto& fields = batch->schema()->fields();
  refused(arrow::Schema({fields[0]}));
  refused(arrow::Schema({fields[0], fields[1], arrow::field("c", arrow::int8())}));
  refused(arrow::Schema({fields[0], arrow::field("b", arrow::large_utf8())}));
  refused(arrow::Schema({fields[0], fields[1]->WithNullable(false)}));
}

TEST(NeverNull, MayBeNullInRowsThatDelete) {
  const auto batch = Batch();
  const auto check = [&](RowOp second, const std::string& column) {
    const std::vector<RowOp> ops = {RowOp::kUpsert, second, RowOp::kInsert};
    return CheckNeverNull("lmdb", *batch, ops, {column}, "t", 10);
  };
  EXPECT_THAT(check(RowOp::kDelete, "a"), IsOk());
  EXPECT_THAT(check(RowOp::kUpdate, "b"), IsOk());
  EXPECT_THAT(check(RowOp::kUpdate, "missing"), IsOk());
  const auto bad = check(RowOp::kUpdate, "a");
  EXPECT_THAT(bad, FailsWith(FailureKind::kData, "table=t column=a row=11"));
  EXPECT_EQ(BadRowOf(bad), 1);
}

TEST(Origin, IsTheEndOfAFailure) {
  StagedBatch batch;
  const auto bad = BadRowError(3, "lmdb: bad: table=t row=3");
  EXPECT_EQ(WithOrigin(bad, batch).message(), "lmdb: bad: table=t row=3");
  batch.origin = "x.parquet";
  EXPECT_EQ(WithOrigin(bad, batch).message(), "lmdb: bad: table=t row=3 file=x.parquet");
  EXPECT_EQ(BadRowOf(WithOrigin(bad, batch)), 3);
  EXPECT_THAT(WithOrigin(Status::OK(), batch), IsOk());
}

}  // namespace
}  // namespace ampload
