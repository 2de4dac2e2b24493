#include <gmock/gmock.h>

#include "cli/testing/cli_fixture.h"

namespace ampload::cli {
namespace {

using testing::CliTest;
using ::testing::HasSubstr;
using testing::Ran;

class CheckCommandTest : public CliTest {
 protected:
  Ran Check(std::vector<std::string> words) {
    words.insert(words.begin(), "check");
    words.insert(words.end(), {"--config", PathOf("none.toml")});
    return RunAmpload(std::move(words));
  }
};

TEST_F(CheckCommandTest, PrintsALineForEachCheck) {
  const Ran ran = Check({"shelf:a"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "ok   reachable       shelf 1.0\nok   may write\n");
}

TEST_F(CheckCommandTest, FailsWhereOneCheckFails) {
  shelf_.checks[1] = {"may write", false, "read-only"};
  const Ran ran = Check({"shelf:a"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr("FAIL may write       read-only\n"));
  const Ran json = Check({"shelf:a", "--json"});
  EXPECT_EQ(json.status, 1);
  const auto object = nlohmann::json::parse(json.out);
  EXPECT_EQ(object["success"], false);
  EXPECT_EQ(object["checks"][0]["ok"], true);
  EXPECT_EQ(object["checks"][1]["ok"], false);
  EXPECT_EQ(object["checks"][1]["detail"], "read-only");
}

TEST_F(CheckCommandTest, AStoreThatCannotBeReachedIsAFailedCheck) {
  shelf_.connect = PermanentError("shelf: gone: path=a");
  const Ran ran = Check({"shelf:a"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr("FAIL reachable       shelf: gone: path=a\n"));
}

TEST_F(CheckCommandTest, AWrongOptionIsStatus2AndNamesTheNearest) {
  const Ran ran = Check({"shelf:a", "--option", "heigth=1MiB", "--json"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("height"));
  EXPECT_EQ(nlohmann::json::parse(ran.out)["success"], false);
}

}  // namespace
}  // namespace ampload::cli
