// LoadBatch and LoadTable over a session: one commit, and nothing stays of a load that fails.
#include <gtest/gtest.h>

#include "loader_fakes.h"
#include "matchers.h"

namespace ampload {
namespace {

using fakes::MakeBatch;
using fakes::TransactionalLoader;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Calls = std::vector<std::string>;

class OneCommit : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(loader_.Connect({}), IsOk());
    store_.calls.clear();
  }
  LoadResult LoadThree() {
    const auto rows = arrow::Table::FromRecordBatches({MakeBatch({1, 2}), MakeBatch({3})});
    return loader_.LoadTable(rows.ValueOrDie(), "t", {});
  }

  fakes::Store store_;
  TransactionalLoader loader_{{&store_}};
};

TEST_F(OneCommit, HoldsAllBatchesOfATable) {
  const LoadResult result = LoadThree();
  EXPECT_TRUE(result.success) << result.error;
  EXPECT_EQ(result.rows_loaded, 3);
  EXPECT_THAT(store_.tables["t"].rows, ElementsAre(1, 2, 3));
  EXPECT_EQ(store_.calls, (Calls{"take over", "stage 0", "stage 2 final", "commit"}));
}

TEST_F(OneCommit, IsAbortedWhenARowCannotBeStaged) {
  store_.stage_status = DataError("lmdb: value does not fit");
  const LoadResult result = LoadThree();
  EXPECT_FALSE(result.success);
  EXPECT_EQ(result.error, "lmdb: value does not fit");
  EXPECT_EQ(store_.calls, (Calls{"take over", "stage 0", "abort"}));
}

TEST_F(OneCommit, KeepsTheFirstErrorWhenCleaningUpFailsToo) {
  store_.exception = "first";
  store_.abort_status = PermanentError("second");
  EXPECT_THAT(LoadThree().error, HasSubstr("first"));
  EXPECT_EQ(store_.calls.back(), "abort");
}

TEST_F(OneCommit, IsAbortedWhenToldToStopAndCleaningUpIsNot) {
  std::stop_source stop;
  stop.request_stop();
  LoadOptions options;
  options.context.stop = stop.get_token();
  const LoadResult result = loader_.LoadBatch(MakeBatch({1}), "t", options);
  EXPECT_THAT(result.error, HasSubstr("interrupted"));
  EXPECT_EQ(store_.calls, (Calls{"abort"}));
}

TEST_F(OneCommit, SaysWhoTookOver) {
  store_.outcome = Fenced{"host b, process 7"};
  EXPECT_THAT(LoadThree().error, HasSubstr("another writer took over: host b, process 7"));
}

TEST_F(OneCommit, SaysThatAnotherWriterWasFaster) {
  store_.outcome = Conflict{"version 7 exists"};
  EXPECT_THAT(LoadThree().error, HasSubstr("load again: version 7 exists"));
}

TEST_F(OneCommit, IsSettledWhenItsAnswerWasLost) {
  store_.outcome = Unknown{"connection reset"};
  Recovered committed;
  committed.finding = RecoverFinding::kCommitted;
  store_.settled = committed;
  const LoadResult result = LoadThree();
  EXPECT_TRUE(result.success) << result.error;
  EXPECT_EQ(result.rows_loaded, 3);
  EXPECT_EQ(store_.calls.back(), "settle");
}

TEST_F(OneCommit, FailsWhenSettlingFindsThatItDidNotTakeEffect) {
  store_.outcome = Unknown{"connection reset"};
  Recovered not_committed;
  not_committed.finding = RecoverFinding::kNotCommitted;
  store_.settled = not_committed;
  const LoadResult result = LoadThree();
  EXPECT_FALSE(result.success);
  EXPECT_THAT(result.error, HasSubstr("did not take effect: load again: connection reset"));
}

TEST_F(OneCommit, TakesNothingBackWhenNobodyKnowsTheOutcome) {
  store_.outcome = Unknown{"connection reset"};
  store_.settled = TransientError("still no answer");
  EXPECT_THAT(LoadThree().error, HasSubstr("nobody knows whether the rows were committed"));
  EXPECT_EQ(store_.calls, (Calls{"take over", "stage 0", "stage 2 final", "commit", "settle"}));
}

TEST_F(OneCommit, IsNotBegunWhereTheSpecIsWrong) {
  LoadOptions options;
  options.keys = {"ID"};
  EXPECT_THAT(loader_.LoadBatch(MakeBatch({1}), "t", options).error,
              HasSubstr("did you mean id?: column=ID"));
  EXPECT_THAT(store_.calls, IsEmpty());
}

}  // namespace
}  // namespace ampload
