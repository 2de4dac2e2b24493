#include <gmock/gmock.h>

#include <sstream>

#include "cli/testing/cli_fixture.h"
#include "cli/text.h"
#include "matchers.h"

namespace ampload::cli {
namespace {

using testing::CliTest;
using ::testing::HasSubstr;
using testing::Ran;

class InspectCommandTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    arrow::UInt64Builder blocks;
    arrow::BinaryBuilder hashes;
    EXPECT_THAT(blocks.AppendValues({15000000, 18446744073709551615ULL}), IsOk());
    EXPECT_THAT(hashes.Append(std::string(32, '\xab')), IsOk());
    EXPECT_THAT(hashes.AppendNull(), IsOk());
    shelf_.tables["logs"] =
        arrow::Table::Make(arrow::schema({arrow::field("block_num", arrow::uint64(), false),
                                          arrow::field("transaction_hash", arrow::binary())}),
                           {blocks.Finish().ValueOrDie(), hashes.Finish().ValueOrDie()});
    Checkpoint checkpoint;
    checkpoint.pipeline = "live";
    checkpoint.sequence = 17;
    checkpoint.rows_total = 2;
    checkpoint.highest_end["mainnet"] = BlockNumber{15000001};
    checkpoint.ladder.resize(3);
    shelf_.checkpoints["logs"] = {checkpoint};
  }

  Ran Inspect(std::vector<std::string> words) {
    words.insert(words.begin(), {"inspect", "shelf:a", "--config", PathOf("none.toml")});
    return RunAmpload(std::move(words));
  }
};

TEST_F(InspectCommandTest, ListsTablesWithRowsSizeAndPipelines) {
  const Ran ran = Inspect({});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "TABLE  ROWS     SIZE  PIPELINES\n"
            "logs      2  3.0 MiB  live\n");
}

TEST_F(InspectCommandTest, SaysSoWhereThereAreNoTables) {
  shelf_.tables.clear();
  EXPECT_EQ(Inspect({}).out, "no tables in shelf:a\n");
}

TEST_F(InspectCommandTest, OneTableShowsSchemaKeyCheckpointsAndRows) {
  const Ran ran = Inspect({"--table", "logs"});
  std::string hash;
  for (int i = 0; i < 32; ++i) hash += "ab";
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "logs: 2 rows, 3.0 MiB, key block_num, log_index\n"
            "\n"
            "COLUMN            TYPE    NULLABLE\n"
            "block_num         uint64  no\n"
            "transaction_hash  binary  yes\n"
            "\n"
            "PIPELINE  SEQUENCE  ROWS  LADDER  HIGHEST BLOCK\n"
            "live            17     2       3  mainnet 15000001\n"
            "\n"
            "2 of 2 rows:\n"
            "           block_num  transaction_hash\n"
            "            15000000  0x" +
                hash +
                "\n"
                "18446744073709551615  NULL\n");
}

TEST_F(InspectCommandTest, CutsWideValuesOnATerminalOnly) {
  terminal_ = true;
  const Ran ran = Inspect({"--table", "logs"});
  EXPECT_THAT(ran.out, HasSubstr("0xabababababababababababa…"));
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(DisplayWidth(line), 80) << line;
}

TEST_F(InspectCommandTest, LimitsTheRows) {
  EXPECT_THAT(Inspect({"--table", "logs", "--limit", "1"}).out, HasSubstr("\n1 of 2 rows:\n"));
  EXPECT_EQ(Inspect({"--table", "logs", "--limit", "x"}).status, 2);
}

TEST_F(InspectCommandTest, AMissingTableNamesTheNearest) {
  const Ran ran = Inspect({"--table", "log"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("did you mean logs?"));
}

TEST_F(InspectCommandTest, AMissingTableOfAnEmptyStoreSaysThatThereIsNone) {
  shelf_.tables.clear();
  const Ran ran = Inspect({"--table", "logs"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("the store has none: table=logs"));
}

TEST_F(InspectCommandTest, JsonHasItAllWithExactValues) {
  const auto json = nlohmann::json::parse(Inspect({"--table", "logs", "--json"}).out);
  EXPECT_EQ(json["success"], true);
  const auto& table = json["table"];
  EXPECT_EQ(table["row_count"], 2);
  EXPECT_EQ(table["keys"], (nlohmann::json{"block_num", "log_index"}));
  EXPECT_EQ(table["columns"][0]["nullable"], false);
  EXPECT_EQ(table["checkpoints"][0]["sequence"], 17);
  EXPECT_EQ(table["checkpoints"][0]["ladder_entries"], 3);
  EXPECT_EQ(table["checkpoints"][0]["highest_end"]["mainnet"], 15000001);
  EXPECT_EQ(table["rows"][1]["block_num"], 18446744073709551615ULL);
  EXPECT_TRUE(table["rows"][1]["transaction_hash"].is_null());
  EXPECT_EQ(nlohmann::json::parse(Inspect({"--json"}).out)["tables"][0]["table_name"], "logs");
}

}  // namespace
}  // namespace ampload::cli
