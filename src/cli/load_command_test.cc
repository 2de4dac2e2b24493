#include <gmock/gmock.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "cli/testing/cli_fixture.h"

namespace ampload::cli {
namespace {

using ::testing::AllOf;
using testing::CliTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Ran;
using ::testing::StartsWith;

class LoadCommandTest : public CliTest {
 protected:
  Ran Load(std::vector<std::string> words) {
    words.insert(words.begin(), "load");
    for (const char* word : {"--to", "shelf:a", "--config"}) words.emplace_back(word);
    words.push_back(PathOf("none.toml"));
    return RunAmpload(std::move(words));
  }
};

TEST_F(LoadCommandTest, SaysHowManyRowsWentWhere) {
  const Ran ran = Load({WriteParquet("logs.parquet", 719)});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(StartsWith("logs: 719 rows in "), HasSubstr(" rows/s, shelf:a\n")));
  EXPECT_EQ(ran.err, "");
  ASSERT_NE(shelf_.tables["logs"], nullptr);
  EXPECT_EQ(shelf_.tables["logs"]->num_rows(), 719);
}

TEST_F(LoadCommandTest, JsonIsOneLoadResultOnStdout) {
  const Ran ran = Load({WriteParquet("logs.parquet", 12), "--json"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json["success"], true);
  EXPECT_EQ(json["rows_loaded"], 12);
  EXPECT_EQ(json["table_name"], "logs");
  EXPECT_EQ(json["loader_type"], "shelf");
  EXPECT_TRUE(json["error"].is_null());
  EXPECT_GT(json["duration_seconds"], 0.0);
  EXPECT_TRUE(json.contains("ops_per_second"));
  EXPECT_EQ(json["metadata"]["operation"], "load_table");
  EXPECT_EQ(json["metadata"]["total_rows"], 12);
}

TEST_F(LoadCommandTest, QuietSaysNothing) {
  const Ran ran = Load({WriteParquet("logs.parquet", 3), "-q"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out + ran.err, "");
}

TEST_F(LoadCommandTest, HandsEveryOptionOn) {
  const Ran ran = Load({WriteParquet("a.parquet", 100),
                        "--table",
                        "t",
                        "--mode",
                        "overwrite",
                        "--key",
                        "block_num,log_index",
                        "--columns",
                        "log_index,block_num",
                        "--where",
                        "block_num >= 10",
                        "--limit",
                        "5",
                        "--no-create-table",
                        "--force",
                        "--on-duplicate",
                        "replace",
                        "--order-by",
                        "block_num",
                        "--option",
                        "height=1MiB",
                        "--memory",
                        "64MiB"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(shelf_.spec.name, "t");
  EXPECT_EQ(shelf_.spec.mode, LoadMode::kOverwrite);
  EXPECT_THAT(shelf_.spec.keys, ElementsAre("block_num", "log_index"));
  EXPECT_EQ(shelf_.spec.order_by, "block_num");
  EXPECT_EQ(shelf_.spec.on_duplicate, DuplicatePolicy::kReplace);
  EXPECT_FALSE(shelf_.spec.create_table);
  EXPECT_TRUE(shelf_.spec.force);
  EXPECT_EQ(shelf_.config["height"], "1MiB");
  EXPECT_THAT(shelf_.tables["t"]->schema()->field_names(), ElementsAre("log_index", "block_num"));
  EXPECT_EQ(shelf_.tables["t"]->num_rows(), 5);
}

TEST_F(LoadCommandTest, AsksForATableWhereTheNameIsNotPlain) {
  WriteParquet("two words.parquet", 1);
  for (const auto& sources : {std::vector<std::string>{PathOf("two words.parquet")},
                              std::vector<std::string>{folder_.string()},
                              std::vector<std::string>{PathOf("*.parquet")}}) {
    const Ran ran = Load(sources);
    EXPECT_EQ(ran.status, 2);
    EXPECT_THAT(ran.err, HasSubstr("say --table NAME"));
  }
}

TEST_F(LoadCommandTest, SeveralSourcesNeedATableAndThenAreOneLoad) {
  const auto one = WriteParquet("one.parquet", 2);
  const auto two = WriteParquet("two.parquet", 3);
  EXPECT_EQ(Load({one, two}).status, 2);
  EXPECT_EQ(Load({one, two, "--table", "t"}).status, 0);
  EXPECT_EQ(shelf_.tables["t"]->num_rows(), 5);
}

TEST_F(LoadCommandTest, AModeThatTheStoreCannotDoIsRefusedBeforeConnecting) {
  bool connected = false;
  shelf_.on_connect = [&] { connected = true; };
  const Ran ran = Load({WriteParquet("a.parquet", 1), "--mode", "upsert"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err,
              HasSubstr("shelf: mode upsert is not supported; it can do append, overwrite"));
  EXPECT_FALSE(connected);
}

TEST_F(LoadCommandTest, AnUnknownKeyNamesTheNearestColumnBeforeConnecting) {
  bool connected = false;
  shelf_.on_connect = [&] { connected = true; };
  const Ran ran = Load({WriteParquet("a.parquet", 1), "--key", "blok_num"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("block_num"));
  EXPECT_FALSE(connected);
}

TEST_F(LoadCommandTest, WrongAmountsAreWrongCommands) {
  const auto path = WriteParquet("a.parquet", 1);
  EXPECT_EQ(Load({path, "--limit", "many"}).status, 2);
  EXPECT_EQ(Load({path, "--limit", "-1"}).status, 2);
  EXPECT_EQ(Load({path, "--memory", "lots"}).status, 2);
  EXPECT_EQ(Load({path, "--option", "height"}).status, 2);
}

TEST_F(LoadCommandTest, AFailureIsAlsoALoadResult) {
  for (const auto& [words, status] : std::vector<std::pair<std::vector<std::string>, int>>{
           {{PathOf("missing.parquet"), "--json"}, 2},
           {{PathOf("missing.parquet"), "--json", "--nonsense"}, 2},
           {{PathOf("missing.parquet"), "--json", "--mode", "sideways"}, 2}}) {
    const Ran ran = Load(words);
    EXPECT_NE(ran.status, 0);
    const auto json = nlohmann::json::parse(ran.out);
    EXPECT_EQ(json["success"], false);
    EXPECT_EQ(json["rows_loaded"], 0);
    EXPECT_NE(json["error"], "");
    EXPECT_THAT(ran.err, StartsWith("ampload: error: "));
  }
  EXPECT_THAT(shelf_.tables, IsEmpty());
}

TEST_F(LoadCommandTest, AStoreThatFailsIsStatus1) {
  shelf_.on_stage = [](const CallContext&) { return DataError("shelf: no room: table=a"); };
  const Ran ran = Load({WriteParquet("a.parquet", 1), "--json"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(nlohmann::json::parse(ran.out)["error"], "shelf: no room: table=a");
  EXPECT_THAT(ran.err, HasSubstr("ampload: error: shelf: no room: table=a"));
}

TEST_F(LoadCommandTest, AnotherWriterIsStatus4) {
  shelf_.fenced = true;
  const Ran ran = Load({WriteParquet("a.parquet", 1)});
  EXPECT_EQ(ran.status, 4);
  EXPECT_THAT(ran.err, HasSubstr("another run"));
}

TEST_F(LoadCommandTest, ATargetThatCannotBeReachedIsStatus1) {
  shelf_.connect = PermanentError("shelf: out of reach: path=a", "EACCES");
  const Ran ran = Load({WriteParquet("a.parquet", 1)});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("shelf: out of reach: path=a"));
}

TEST_F(LoadCommandTest, ConnectionsComeFromTheConfigFile) {
  WriteFile("ampload.toml", "[connections.mine]\nuri = \"shelf:b\"\nheight = \"2MiB\"\n");
  const Ran ran = RunAmpload(
      {"load", WriteParquet("a.parquet", 1), "--to", "mine", "--config", PathOf("ampload.toml")});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(shelf_.config["path"], "b");
  EXPECT_EQ(shelf_.config["height"], "2MiB");
}

TEST_F(LoadCommandTest, AnUnknownSchemeNamesTheNearest) {
  const Ran ran = RunAmpload(
      {"load", WriteParquet("a.parquet", 1), "--to", "shelv:x", "--config", PathOf("none.toml")});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("shelf"));
}

// The store waits for the stop that its own signal asks for, as a long write would see it.
TEST_F(LoadCommandTest, ASignalStopsTheLoadAndNothingStays) {
  for (const int number : {SIGINT, SIGTERM}) {
    shelf_.on_stage = [number](const CallContext& context) {
      raise(number);
      while (context.Check().ok()) std::this_thread::yield();
      return context.Check();
    };
    const Ran ran = Load({WriteParquet("a.parquet", 1), "--json"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.err, HasSubstr("interrupted"));
    EXPECT_EQ(nlohmann::json::parse(ran.out)["success"], false);
    EXPECT_THAT(shelf_.tables, IsEmpty());
  }
}

TEST_F(LoadCommandTest, ASecondSignalEndsTheProcessAtOnce) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto path = WriteParquet("a.parquet", 1);
  shelf_.on_stage = [](const CallContext&) {
    raise(SIGTERM);
    raise(SIGTERM);
    return Status::OK();
  };
  EXPECT_EXIT(Load({path}), ::testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace ampload::cli
