#include "cli/plugin_folders.h"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/testing/cli_fixture.h"

namespace ampload::cli {
namespace {

class PluginFoldersTest : public testing::CliTest {
 protected:
  std::string Folders() {
    std::ostringstream sink;
    Console console{.out = sink,
                    .err = sink,
                    .env = [this](const std::string& name) -> std::optional<std::string> {
                      return env_.contains(name) ? std::optional(env_[name]) : std::nullopt;
                    }};
    return PluginFolders(console, PathOf("bin/ampload"));
  }
};

TEST_F(PluginFoldersTest, AreTheVariablesThenTheInstalls) {
  EXPECT_EQ(Folders(), "");
  env_["AMPLOAD_PLUGIN_PATH"] = "/a:/b";
  EXPECT_EQ(Folders(), "/a:/b");
  std::filesystem::create_directories(PathOf("lib/ampload/loaders"));
  EXPECT_EQ(Folders(), "/a:/b:" + PathOf("lib/ampload/loaders"));
  env_.clear();
  EXPECT_EQ(Folders(), PathOf("lib/ampload/loaders"));
}

}  // namespace
}  // namespace ampload::cli
