#include "cli/amp_options.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "matchers.h"
#include "temp_folder.h"

namespace ampload::cli {
namespace {

class AmpOptionsTest : public testing::Test {
 protected:
  ~AmpOptionsTest() override { unsetenv("AMP_AUTH_TOKEN"); }

  static Result<source::AmpOptions> Given(std::vector<std::string> words) {
    CLI::App app;
    AmpOptionSet set;
    set.Declare(app);
    std::reverse(words.begin(), words.end());
    app.parse(words);
    return set.Make();
  }
};

TEST_F(AmpOptionsTest, NameTheServer) {
  unsetenv("AMP_AUTH_TOKEN");
  ASSERT_OK_AND_ASSIGN(const auto options,
                       Given({"--from", "amp+tls://h:7", "--tls-roots", "/x.pem"}));
  EXPECT_EQ(options.address.ToString(), "amp+tls://h:7");
  EXPECT_EQ(options.tls_roots, "/x.pem");
  EXPECT_EQ(options.token, "");
}

TEST_F(AmpOptionsTest, TakeTheTokenFromTheOptionBeforeTheEnvironment) {
  setenv("AMP_AUTH_TOKEN", "outer", 1);
  ASSERT_OK_AND_ASSIGN(const auto outer, Given({"--from", "amp://h"}));
  EXPECT_EQ(outer.token, "outer");
  ASSERT_OK_AND_ASSIGN(const auto option, Given({"--from", "amp://h", "--token", "inner"}));
  EXPECT_EQ(option.token, "inner");
}

TEST_F(AmpOptionsTest, TakeTheTokenFromAFileOrAVariable) {
  TempFolder folder;
  std::ofstream(folder / "token") << "from a file\n";
  ASSERT_OK_AND_ASSIGN(const auto file, Given({"--from", "amp://h", "--token",
                                               "${file:" + (folder / "token") + "}"}));
  EXPECT_EQ(file.token, "from a file");
  setenv("AMP_AUTH_TOKEN", "x", 1);
  ASSERT_OK_AND_ASSIGN(const auto variable,
                       Given({"--from", "amp://h", "--token", "${env:AMP_AUTH_TOKEN}y"}));
  EXPECT_EQ(variable.token, "xy");
  EXPECT_THAT(Given({"--from", "amp://h", "--token", "${env:NOT_SET_AT_ALL}"}),
              FailsWith(FailureKind::kConfiguration, "--token: environment variable is not set"));
}

TEST_F(AmpOptionsTest, WantAServer) {
  EXPECT_THAT(Given({}), FailsWith(FailureKind::kConfiguration, "--from is missing"));
  EXPECT_THAT(Given({"--token", "t"}),
              FailsWith(FailureKind::kConfiguration, "--token means something with --from only"));
  EXPECT_THAT(Given({"--from", "amqp://h"}),
              FailsWith(FailureKind::kConfiguration, "did you mean amp://"));
}

}  // namespace
}  // namespace ampload::cli
