#include <gmock/gmock.h>

#include "cli/testing/cli_fixture.h"
#include "matchers.h"

namespace ampload::cli {
namespace {

using testing::CliTest;
using ::testing::HasSubstr;
using testing::Ran;

class HistoryCommandTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    shelf_.history["logs"] = {
        {.version = 1,
         .timestamp_ms = 1767225601500,
         .operation = "WRITE",
         .writer = "ampload 0.1.0",
         .detail = "mode=Append rows=2",
         .json = R"({"operation":"WRITE","operationMetrics":{"numOutputRows":"2"}})"},
        {.version = 0}};
  }
  Ran History(std::vector<std::string> words) {
    words.insert(words.begin(), {"history", "shelf:a", "--config", PathOf("none.toml")});
    return RunAmpload(std::move(words));
  }
};

TEST_F(HistoryCommandTest, ShowsTheNewestVersionFirst) {
  const Ran ran = History({"--table", "logs"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "VERSION  TIME                      OPERATION  WRITER         DETAIL\n"
            "      1  2026-01-01T00:00:01.500Z  WRITE      ampload 0.1.0  mode=Append rows=2\n"
            "      0  -                         -          -\n");
}

TEST_F(HistoryCommandTest, ShowsAsManyAsAreAskedFor) {
  const auto json =
      nlohmann::json::parse(History({"--table", "logs", "--limit", "1", "--json"}).out);
  EXPECT_EQ(json["success"], true);
  EXPECT_EQ(json["table_name"], "logs");
  ASSERT_EQ(json["history"].size(), 1U);
  EXPECT_EQ(json["history"][0]["version"], 1);
  EXPECT_EQ(json["history"][0]["timestamp_ms"], 1767225601500);
  EXPECT_EQ(json["history"][0]["info"]["operationMetrics"]["numOutputRows"], "2");
}

TEST_F(HistoryCommandTest, WantsATable) {
  const Ran ran = History({});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("--table"));
}

TEST_F(HistoryCommandTest, SaysSoWhereTheStoreKeepsNone) {
  const Ran ran = History({"--table", "other"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("keeps no history"));
}

TEST_F(HistoryCommandTest, RefusesALimitThatIsNoNumber) {
  EXPECT_THAT(History({"--table", "logs", "--limit", "many"}).err, HasSubstr("--limit"));
}

}  // namespace
}  // namespace ampload::cli
