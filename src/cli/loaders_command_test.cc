#include <gmock/gmock.h>

#include "cli/testing/cli_fixture.h"

namespace ampload::cli {
namespace {

using testing::CliTest;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Ran;

class LoadersCommandTest : public CliTest {};

TEST_F(LoadersCommandTest, ListsWhatIsThere) {
  const Ran ran = RunAmpload({"loaders"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("append, overwrite  atomic/commit"));
  EXPECT_THAT(ran.out, HasSubstr("shelf 1.0"));
}

TEST_F(LoadersCommandTest, NamesWhatWasLeftOutAndWhy) {
  WriteFile("broken.so", "not a shared object");
  registry_.LoadPlugins(folder_.string());
  const Ran ran = RunAmpload({"loaders"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("Left out:\n"));
  EXPECT_THAT(ran.out, HasSubstr("broken"));
  const auto json = nlohmann::json::parse(RunAmpload({"loaders", "--json"}).out);
  EXPECT_EQ(json["missing"].size(), 1U);
  EXPECT_NE(json["missing"][0]["reason"], "");
}

TEST_F(LoadersCommandTest, OneLoaderShowsEveryOption) {
  const Ran ran = RunAmpload({"loaders", "shelf"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("shelf:one"));
  EXPECT_THAT(ran.out, HasSubstr("  path            string, required\n"));
  EXPECT_THAT(ran.out, HasSubstr("  height          bytes, default 64MiB, else $SHELF_HEIGHT\n"));
  EXPECT_THAT(ran.out, HasSubstr("  pin             string, secret\n"));
  EXPECT_THAT(ran.out, HasSubstr("                  what opens it\n"));
}

TEST_F(LoadersCommandTest, JsonHasEveryOption) {
  const auto json = nlohmann::json::parse(RunAmpload({"loaders", "shelf", "--json"}).out);
  const auto& loader = json["loader"];
  EXPECT_EQ(loader["name"], "shelf");
  EXPECT_EQ(loader["supported_modes"], (nlohmann::json{"append", "overwrite"}));
  EXPECT_EQ(loader["options"].size(), 3U);
  EXPECT_EQ(loader["options"][0]["required"], true);
  EXPECT_EQ(loader["options"][1]["default"], "64MiB");
  EXPECT_TRUE(loader["options"][2]["default"].is_null());
}

TEST_F(LoadersCommandTest, AnUnknownLoaderNamesTheNearest) {
  const Ran ran = RunAmpload({"loaders", "shelff"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("shelf"));
  EXPECT_THAT(ran.err, Not(HasSubstr("internal")));
}

}  // namespace
}  // namespace ampload::cli
