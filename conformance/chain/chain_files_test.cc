#include "conformance/chain/chain_files.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "conformance/chain/columns.h"
#include "conformance/chain/scaled_logs.h"
#include "matchers.h"

namespace ampload::conformance {
namespace {

Result<std::shared_ptr<arrow::Table>> ReadAll(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
  ARROW_ASSIGN_OR_RAISE(auto reader, parquet::arrow::OpenFile(file, arrow::default_memory_pool()));
  return reader->ReadTable();
}

void ExpectRows(const std::string& path, const std::shared_ptr<arrow::RecordBatch>& wanted) {
  ASSERT_OK_AND_ASSIGN(auto found, ReadAll(path));
  EXPECT_TRUE(found->schema()->Equals(*wanted->schema())) << path;
  ASSERT_OK_AND_ASSIGN(auto table, arrow::Table::FromRecordBatches({wanted}));
  EXPECT_TRUE(found->Equals(*table)) << path;
}

class ChainFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "ampload-chain-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(ChainFiles, HoldTheChainsRowsThoughTheyAreWrittenInParts) {
  const Chain chain({.seed = 4, .first_block = 10, .txs_per_block = 600});
  ASSERT_OK_AND_ASSIGN(auto rows, WriteChainFiles(chain, 40, folder_ + "/a/b"));
  ASSERT_OK_AND_ASSIGN(auto columns, ChainColumns::Make());
  for (uint64_t n = 10; n < 50; ++n) ASSERT_THAT(columns->Append(chain.BlockAt(n)), IsOk());
  ASSERT_OK_AND_ASSIGN(auto wanted, columns->Finish());
  EXPECT_EQ(rows.blocks, 40);
  EXPECT_EQ(rows.transactions, wanted.transactions->num_rows());
  EXPECT_GT(rows.logs, 2 * 8192);  // else it was one part
  ExpectRows(folder_ + "/a/b/blocks.parquet", wanted.blocks);
  ExpectRows(folder_ + "/a/b/transactions.parquet", wanted.transactions);
  ExpectRows(folder_ + "/a/b/logs.parquet", wanted.logs);
}

TEST_F(ChainFiles, OfNoBlocksHaveNoRows) {
  ASSERT_OK_AND_ASSIGN(auto rows, WriteChainFiles(Chain({}), 0, folder_));
  EXPECT_EQ(rows.blocks + rows.transactions + rows.logs, 0);
  ASSERT_OK_AND_ASSIGN(auto logs, ReadAll(folder_ + "/logs.parquet"));
  EXPECT_EQ(logs->num_rows(), 0);
}

TEST_F(ChainFiles, RefuseAFolderThatCannotBeMade) {
  std::ofstream(folder_ + "/file") << "in the way";
  EXPECT_THAT(WriteChainFiles(Chain({}), 1, folder_ + "/file/below"),
              FailsWith(FailureKind::kPermanent, "cannot make the folder"));
}

TEST_F(ChainFiles, OfScaledLogsEndAtTheRowThatWasAskedFor) {
  ASSERT_OK_AND_ASSIGN(auto rows, WriteChainFiles(Chain({}), 20, folder_));
  const int64_t wanted = 2 * rows.logs + 3;
  ASSERT_THAT(WriteScaledLogs(folder_ + "/logs.parquet", wanted, folder_ + "/many.parquet"),
              IsOk());
  ASSERT_OK_AND_ASSIGN(auto logs, ReadAll(folder_ + "/logs.parquet"));
  ASSERT_OK_AND_ASSIGN(auto many, ReadAll(folder_ + "/many.parquet"));
  EXPECT_EQ(many->num_rows(), wanted);
  EXPECT_TRUE(many->Slice(0, rows.logs)->Equals(*logs));
}

TEST_F(ChainFiles, WithoutRowsCannotBeScaled) {
  ASSERT_OK_AND_ASSIGN(auto rows, WriteChainFiles(Chain({}), 0, folder_));
  EXPECT_EQ(rows.logs, 0);
  EXPECT_THAT(WriteScaledLogs(folder_ + "/logs.parquet", 5, folder_ + "/many.parquet"),
              FailsWith(FailureKind::kData, "no rows"));
}

}  // namespace
}  // namespace ampload::conformance
