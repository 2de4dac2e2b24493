#include "cli/testing/cli_fixture.h"

#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>

#include <fstream>
#include <sstream>

#include "cli/command_line.h"

namespace ampload::cli::testing {

void CliTest::SetUp() {
  std::string folder = ::testing::TempDir() + "cli_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  folder_ = folder;
  ASSERT_TRUE(registry_.Add(ShelfDescriptor(shelf_)).ok());
  WriteFile("none.toml", "");
}

void CliTest::WriteFile(const std::string& name, const std::string& text) const {
  std::ofstream(folder_ / name) << text;
}

std::string CliTest::WriteParquet(const std::string& name, int64_t rows) const {
  arrow::UInt64Builder blocks;
  arrow::UInt32Builder indexes;
  arrow::BinaryBuilder data;
  for (int64_t i = 0; i < rows; ++i) {
    EXPECT_TRUE(blocks.Append(static_cast<uint64_t>(i)).ok());
    EXPECT_TRUE(indexes.Append(static_cast<uint32_t>(i % 7)).ok());
    EXPECT_TRUE(data.Append(std::string("\xde\xad") + static_cast<char>(i % 256)).ok());
  }
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("block_num", arrow::uint64(), false),
                     arrow::field("log_index", arrow::uint32()),
                     arrow::field("data", arrow::binary())}),
      {blocks.Finish().ValueOrDie(), indexes.Finish().ValueOrDie(), data.Finish().ValueOrDie()});
  const auto file = arrow::io::FileOutputStream::Open(PathOf(name)).ValueOrDie();
  EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), file).ok());
  EXPECT_TRUE(file->Close().ok());
  return PathOf(name);
}

Ran CliTest::RunAmpload(std::vector<std::string> words) {
  argv_ = std::move(words);
  argv_.insert(argv_.begin(), "ampload");
  std::vector<char*> argv;
  for (auto& word : argv_) argv.push_back(word.data());
  std::ostringstream out;
  std::ostringstream err;
  if (out_is_full_) out.setstate(std::ios::badbit);
  Console console{.out = out,
                  .err = err,
                  .out_is_terminal = terminal_,
                  .err_is_terminal = terminal_,
                  .columns = 80,
                  .env = [this](const std::string& name) -> std::optional<std::string> {
                    const auto found = env_.find(name);
                    if (found == env_.end()) return std::nullopt;
                    return found->second;
                  }};
  const int status = RunCommandLine(static_cast<int>(argv.size()), argv.data(), registry_, console);
  return {status, out.str(), err.str()};
}

}  // namespace ampload::cli::testing
