#include "loader/row_op.h"

#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload {
namespace {

TableSpec Spec(LoadMode mode, const std::shared_ptr<arrow::DataType>& op) {
  TableSpec spec;
  spec.name = "t";
  spec.mode = mode;
  spec.keys = {"n"};
  spec.schema = arrow::schema({arrow::field("n", arrow::int32()), arrow::field("_op", op),
                               arrow::field("text", arrow::utf8())});
  return spec;
}

Result<std::vector<RowOp>> Read(const std::shared_ptr<arrow::DataType>& type, std::string_view json,
                                int64_t first_row = 0) {
  const auto words = arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
  return ReadOps(*arrow::RecordBatch::Make(arrow::schema({arrow::field("_op", type)}),
                                           words->length(), {words}),
                 0, first_row);
}

TEST(RowOp, ReadsTheFourWordsFromEveryKindOfText) {
  const std::vector<RowOp> four = {RowOp::kDelete, RowOp::kInsert, RowOp::kUpdate, RowOp::kUpsert,
                                   RowOp::kDelete};
  for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view(),
                           arrow::dictionary(arrow::int8(), arrow::utf8()),
                           arrow::dictionary(arrow::int32(), arrow::large_utf8())}) {
    ASSERT_OK_AND_ASSIGN(const auto ops,
                         Read(type, R"(["delete", "insert", "update", "upsert", "delete"])"));
    EXPECT_EQ(ops, four) << type->ToString();
  }
}

TEST(RowOp, ReadsASlice) {
  const auto words =
      arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["bad", "delete", "update"])")
          .ValueOrDie();
  const auto batch =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("_op", arrow::utf8())}), 3, {words});
  ASSERT_OK_AND_ASSIGN(const auto ops, ReadOps(*batch->Slice(1), 0, 0));
  EXPECT_EQ(ops, (std::vector<RowOp>{RowOp::kDelete, RowOp::kUpdate}));
}

TEST(RowOp, ANullOrAnotherWordIsABadRowThatNamesTheFour) {
  for (const auto& type : {arrow::utf8(), arrow::dictionary(arrow::int8(), arrow::utf8())}) {
    const auto unknown = Read(type, R"(["delete", "remove"])", 100);
    EXPECT_THAT(unknown, FailsWith(FailureKind::kData,
                                   "insert, update, upsert, delete: column=_op row=101 "
                                   "value=\"remove\""));
    EXPECT_EQ(BadRowOf(unknown.status()), 1);
    const auto missing = Read(type, R"(["delete", "update", null])");
    EXPECT_THAT(missing, FailsWith(FailureKind::kData, "row=2 value=null"));
    EXPECT_EQ(BadRowOf(missing.status()), 2);
  }
  EXPECT_FALSE(Read(arrow::utf8(), R"(["Delete"])").ok()) << "capitals count";
  EXPECT_FALSE(Read(arrow::utf8(), R"([""])").ok());
}

TEST(RowOp, IsNotStoredInAMergeAndAColumnLikeAnyOtherElsewhere) {
  auto spec = Spec(LoadMode::kMerge, arrow::utf8());
  EXPECT_EQ(OpColumnOf(spec), 1);
  ASSERT_OK_AND_ASSIGN(auto stored, StoredSchema(spec));
  EXPECT_EQ(stored->field_names(), (std::vector<std::string>{"n", "text"}));
  for (const auto mode : {LoadMode::kAppend, LoadMode::kOverwrite, LoadMode::kUpsert}) {
    spec = Spec(mode, arrow::int32());
    EXPECT_EQ(OpColumnOf(spec), std::nullopt);
    ASSERT_OK_AND_ASSIGN(stored, StoredSchema(spec));
    EXPECT_EQ(stored, spec.schema);
  }
}

TEST(RowOp, MustBeTextAndNoKey) {
  EXPECT_THAT(StoredSchema(Spec(LoadMode::kMerge, arrow::int32())),
              FailsWith(FailureKind::kConfiguration, "type=int32"));
  auto spec = Spec(LoadMode::kMerge, arrow::utf8());
  spec.keys = {"n", "_op"};
  EXPECT_THAT(StoredSchema(spec), FailsWith(FailureKind::kConfiguration, "can be no key"));
  spec = Spec(LoadMode::kMerge, arrow::utf8());
  spec.order_by = "_op";
  EXPECT_THAT(StoredSchema(spec), FailsWith(FailureKind::kConfiguration, "no order"));
}

}  // namespace
}  // namespace ampload
