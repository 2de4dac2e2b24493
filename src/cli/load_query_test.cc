// ampload load "SELECT ..." --from amp://...
#include <arrow/array.h>
#include <arrow/builder.h>
#include <gmock/gmock.h>
#include <stdlib.h>

#include "cli/testing/cli_fixture.h"
#include "source/amp/flight_server_for_test.h"

namespace ampload::cli {
namespace {

using ::testing::AllOf;
using testing::CliTest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Ran;
using ::testing::StartsWith;

class LoadQuery : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    unsetenv("AMP_AUTH_TOKEN");
    Answer({{.batch = Blocks(0, 4)}, {.batch = Blocks(4, 3)}});
  }

  static std::shared_ptr<arrow::RecordBatch> Blocks(uint64_t first, int64_t count) {
    arrow::UInt64Builder numbers;
    for (int64_t i = 0; i < count; ++i) {
      EXPECT_TRUE(numbers.Append(first + static_cast<uint64_t>(i)).ok());
    }
    return arrow::RecordBatch::Make(arrow::schema({arrow::field("block_num", arrow::uint64())}),
                                    count, {numbers.Finish().ValueOrDie()});
  }

  void Answer(std::vector<source::AnswerStep> steps) {
    server_->announced = Blocks(0, 0)->schema();
    server_->answers["0"] = {.schema = server_->announced, .steps = std::move(steps)};
  }

  std::string Address() const { return "amp://127.0.0.1:" + std::to_string(server_->port()); }

  Ran Run(std::vector<std::string> verb, std::vector<std::string> words) {
    for (const auto& word : {std::string("--to"), std::string("shelf:a"), std::string("--config"),
                             PathOf("none.toml"), std::string("--from"), Address()}) {
      words.push_back(word);
    }
    words.insert(words.begin(), verb.begin(), verb.end());
    return RunAmpload(std::move(words));
  }
  Ran Load(std::vector<std::string> words) { return Run({"load"}, std::move(words)); }

  std::unique_ptr<source::FlightServerForTest> server_ = source::FlightServerForTest::Start();
};

TEST_F(LoadQuery, LoadsItsRowsIntoTheTableThatItReads) {
  const Ran ran = Load({"SELECT block_num FROM eth.blocks"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, StartsWith("blocks: 7 rows in "));
  ASSERT_NE(shelf_.tables["blocks"], nullptr);
  EXPECT_EQ(shelf_.tables["blocks"]->num_rows(), 7);
  EXPECT_EQ(shelf_.tables["blocks"]->schema()->field(0)->name(), "block_num");
}

TEST_F(LoadQuery, TakesTheOptionsOfALoad) {
  const Ran ran = Load({"SELECT 1", "--table", "numbers", "--rename", "block_num:n", "--json"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(nlohmann::json::parse(ran.out)["rows_loaded"], 7);
  EXPECT_EQ(shelf_.tables["numbers"]->schema()->field(0)->name(), "n");
}

TEST_F(LoadQuery, LoadsNothingWhereTheAnswerBreaksOff) {
  Answer({{.batch = Blocks(0, 4)},
          {.failure = arrow::flight::MakeFlightError(arrow::flight::FlightStatusCode::Internal,
                                                     "lost a worker")}});
  const Ran ran = Load({"SELECT * FROM blocks"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("lost a worker"));
  const auto& table = shelf_.tables["blocks"];
  EXPECT_TRUE(table == nullptr || table->num_rows() == 0);
}

TEST_F(LoadQuery, NeverShowsTheToken) {
  server_->info_failure = arrow::flight::MakeFlightError(
      arrow::flight::FlightStatusCode::Unauthenticated, "not s3cret-t0ken");
  const Ran ran = Load({"SELECT * FROM blocks", "--token", "s3cret-t0ken", "-vv", "--json"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("the server refused the token: set --token"),
                             Not(HasSubstr("s3cret"))));
  EXPECT_THAT(ran.out, Not(HasSubstr("s3cret")));
  EXPECT_THAT(argv_, AllOf(::testing::Contains("--token"), ::testing::Contains("************"),
                           Not(::testing::Contains(HasSubstr("s3cret")))));
  EXPECT_EQ(server_->info_headers().find("authorization")->second, "Bearer s3cret-t0ken");
}

TEST_F(LoadQuery, IsPlannedWithoutBeingLoaded) {
  const Ran ran = Run({"plan", "load"}, {"SELECT * FROM blocks"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("table blocks"), HasSubstr("block_num")));
  EXPECT_THAT(shelf_.tables, Not(::testing::Contains(::testing::Key("blocks"))));
}

struct Wrong {
  std::vector<std::string> words;
  std::string hint;
};

class LoadQueryRefuses : public LoadQuery, public ::testing::WithParamInterface<Wrong> {};

TEST_P(LoadQueryRefuses, WithAHint) {
  const Ran ran = Load(GetParam().words);
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr(GetParam().hint));
  EXPECT_EQ(server_->command(), "");
}

INSTANTIATE_TEST_SUITE_P(
    Words, LoadQueryRefuses,
    ::testing::Values(
        Wrong{{"SELECT * FROM a, b"}, "no table name can be taken from the query; say --table"},
        Wrong{{"SELECT * FROM a", "b.csv"}, "the source is one query, in quotes"},
        Wrong{{"SELECT * FROM a", "--where", "x = 1"}, "write WHERE into the query"},
        Wrong{{"SELECT * FROM a", "--columns", "x"}, "name the columns in the query"},
        Wrong{{"SELECT * FROM a", "--limit", "5"}, "write LIMIT into the query"},
        Wrong{{"SELECT * FROM a", "--types", "x:int8"}, "cast in the query, or with --cast"},
        Wrong{{"SELECT * FROM a", "--format", "csv"}, "--format is for files"},
        Wrong{{"SELECT * FROM a", "--no-hive"}, "a query has no folders"},
        Wrong{{" ", "--table", "t"}, "the query is empty"},
        Wrong{{"SELECT * FROM a", "--tls-roots", "/x.pem"}, "amp+tls://"}));

TEST_F(LoadQuery, WithoutAServerIsToldFromAPath) {
  const Ran ran = RunAmpload({"load", "SELECT * FROM a", "--to", "shelf:a"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("say which Amp server to ask, as in --from amp://HOST:1602"));
}

TEST_F(LoadQuery, TheServersOptionsWantAServer) {
  const Ran ran = RunAmpload({"load", WriteParquet("a.parquet", 1), "--token", "t"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("--token means something with --from only"));
}

}  // namespace
}  // namespace ampload::cli
