// Runs the command as a user would, within the test's process.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/testing/shelf_loader.h"

namespace ampload::cli::testing {

struct Ran {
  int status = -1;
  std::string out;
  std::string err;
};

class CliTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string PathOf(const std::string& name) const { return (folder_ / name).string(); }

  void WriteFile(const std::string& name, const std::string& text) const;

  // block_num 0..rows-1 (uint64), log_index (uint32), data (binary): the path.
  std::string WriteParquet(const std::string& name, int64_t rows) const;

  Ran RunAmpload(std::vector<std::string> words);

  Shelf shelf_;
  LoaderRegistry registry_;
  std::map<std::string, std::string> env_;
  bool terminal_ = false;
  bool out_is_full_ = false;       // stdout takes nothing
  std::vector<std::string> argv_;  // of the command that runs, as its process's title shows it
  std::filesystem::path folder_;
};

}  // namespace ampload::cli::testing
