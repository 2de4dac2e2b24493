#include <gmock/gmock.h>

#include <sstream>

#include "cli/testing/cli_fixture.h"
#include "cli/text.h"
#include "matchers.h"

namespace ampload::cli {
namespace {

using testing::CliTest;
using ::testing::HasSubstr;
using ::testing::Not;
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
    checkpoint.retention_blocks = 10;
    for (int64_t i = 0; i < 3; ++i) checkpoint.ladder.push_back(Entry(i));
    shelf_.checkpoints["logs"] = {checkpoint};
  }

  // The batch of the blocks 14999979 + 8 * i and six more, begun at second i of 2026.
  static LadderEntry Entry(int64_t i) {
    const auto start = static_cast<uint64_t>(14999979 + 8 * i);
    return {.batch = BatchId((1767225600000 + 1000 * i) << BatchId::kSlotBits),
            .rows = 1000 * i + 5,
            .ranges = {{"mainnet", {start}, {start + 6}, "0x" + std::string(64, 'c'), "0xbb"}}};
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
            "live: the newest 10 blocks may be taken back; newest batch 2026-01-01T00:00:02Z\n"
            "            BATCH   ROWS  BLOCKS                      HASH\n"
            "57908448526336000  2,005  mainnet 14999995..15000001  0xcccccccc…\n"
            "57908448493568000  1,005  mainnet 14999987..14999993  0xcccccccc…\n"
            "57908448460800000      5  mainnet 14999979..14999985  0xcccccccc…  final\n"
            "\n"
            "2 of 2 rows:\n"
            "           block_num  transaction_hash\n"
            "            15000000  0x" +
                hash +
                "\n"
                "18446744073709551615  NULL\n");
}

TEST_F(InspectCommandTest, ShowsTenBatchesAndCountsTheOthers) {
  auto& checkpoint = shelf_.checkpoints["logs"].front();
  for (int64_t i = 3; i < 13; ++i) checkpoint.ladder.push_back(Entry(i));
  const std::string out = Inspect({"--table", "logs"}).out;
  EXPECT_THAT(out, HasSubstr("\n... 3 more\n"));
  EXPECT_THAT(out, HasSubstr(std::to_string(Entry(12).batch.value())));
  EXPECT_THAT(out, HasSubstr(std::to_string(Entry(3).batch.value())));
  EXPECT_THAT(out, Not(HasSubstr(std::to_string(Entry(2).batch.value()))));
  const auto json = nlohmann::json::parse(Inspect({"--table", "logs", "--json"}).out);
  EXPECT_EQ(json["table"]["checkpoints"][0]["ladder"].size(), 13U);
}

TEST_F(InspectCommandTest, ABatchOfTwoNetworksIsOneLine) {
  auto& checkpoint = shelf_.checkpoints["logs"].front();
  checkpoint.ladder.back().ranges.push_back({"base", {7}, {9}, "0x12", "0x11"});
  EXPECT_THAT(Inspect({"--table", "logs"}).out,
              HasSubstr("mainnet 14999995..15000001, base 7..9  0xcccccccc…, 0x12\n"));
}

TEST_F(InspectCommandTest, APipelineWithoutBatchesShowsNone) {
  shelf_.checkpoints["logs"].front().ladder.clear();
  EXPECT_THAT(Inspect({"--table", "logs"}).out, Not(HasSubstr("BATCH")));
}

TEST_F(InspectCommandTest, NothingIsCalledFinalWhereTheStreamDoesNotSayWhatIs) {
  shelf_.checkpoints["logs"].front().retention_blocks = 0;
  const std::string out = Inspect({"--table", "logs"}).out;
  EXPECT_THAT(out, HasSubstr("\nlive: newest batch 2026-01-01T00:00:02Z\n"));
  EXPECT_THAT(out, Not(HasSubstr("final")));
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
  EXPECT_EQ(table["checkpoints"][0]["retention_blocks"], 10);
  const auto& newest = table["checkpoints"][0]["ladder"][0];
  EXPECT_EQ(newest["batch_id"], 57908448526336000);
  EXPECT_EQ(newest["time"], "2026-01-01T00:00:02Z");
  EXPECT_EQ(newest["rows"], 2005);
  EXPECT_EQ(newest["final"], false);
  EXPECT_EQ(newest["ranges"][0]["network"], "mainnet");
  EXPECT_EQ(newest["ranges"][0]["start"], 14999995);
  EXPECT_EQ(newest["ranges"][0]["end"], 15000001);
  EXPECT_EQ(newest["ranges"][0]["hash"], "0x" + std::string(64, 'c'));
  EXPECT_EQ(newest["ranges"][0]["prev_hash"], "0xbb");
  EXPECT_EQ(table["checkpoints"][0]["ladder"][2]["final"], true);
  EXPECT_EQ(table["rows"][1]["block_num"], 18446744073709551615ULL);
  EXPECT_TRUE(table["rows"][1]["transaction_hash"].is_null());
  EXPECT_EQ(nlohmann::json::parse(Inspect({"--json"}).out)["tables"][0]["table_name"], "logs");
}

}  // namespace
}  // namespace ampload::cli
