#include "cli/command_line.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "cli/testing/cli_fixture.h"
#include "cli/verbs.h"
#include "cli/version.h"

namespace ampload::cli {
namespace {

using testing::CliTest;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Ran;

class CommandLineTest : public CliTest {
 protected:
  static void ExpectWithin80Columns(const std::string& help) {
    std::istringstream lines(help);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  }
};

TEST_F(CommandLineTest, WithoutAVerbShowsTheHelpAndFails) {
  const Ran ran = RunAmpload({});
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("Usage: ampload VERB [OPTIONS]"));
}

TEST_F(CommandLineTest, HelpNamesEveryVerb) {
  const Ran ran = RunAmpload({"--help"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.err, "");
  for (const char* verb : {"load", "check", "loaders", "inspect", "undo", "completion"}) {
    EXPECT_THAT(ran.out, HasSubstr(std::string("\n  ") + verb + " "));
  }
}

TEST_F(CommandLineTest, EveryVerbsHelpHasUsageEveryOptionAndExamplesWithin80Columns) {
  const auto line = MakeCommandLine();
  ExpectWithin80Columns(RunAmpload({"--help"}).out);
  for (const auto& [verb, command] : line.commands) {
    const Ran ran = RunAmpload({verb->get_name(), "--help"});
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.out, HasSubstr("Usage: ampload " + verb->get_name()));
    EXPECT_THAT(ran.out, HasSubstr("Examples:"));
    for (const auto* option : verb->get_options()) {
      for (const auto& name : option->get_lnames()) EXPECT_THAT(ran.out, HasSubstr("--" + name));
      EXPECT_NE(option->get_description(), "") << option->get_name();
    }
    ExpectWithin80Columns(ran.out);
  }
}

TEST_F(CommandLineTest, VersionIsPrinted) {
  const Ran ran = RunAmpload({"--version"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, VersionText() + "\n");
  EXPECT_THAT(ran.out, HasSubstr("ampload 0."));
}

TEST_F(CommandLineTest, AnUnknownVerbNamesTheNearest) {
  const Ran ran = RunAmpload({"laod", "x.parquet"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("ampload: error: unknown verb laod; did you mean load?"));
}

TEST_F(CommandLineTest, AFileInPlaceOfTheVerbIsAnsweredWithTheCommandToType) {
  const std::string path = WriteParquet("logs.parquet", 1);
  const Ran ran = RunAmpload({path});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("`ampload load " + path + "`"));
}

TEST_F(CommandLineTest, AnUnknownOptionNamesTheNearestAndTheHelp) {
  const Ran ran = RunAmpload({"load", "x.parquet", "--tabel", "logs"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("load: unknown option --tabel; did you mean --table?"));
  EXPECT_THAT(ran.err, HasSubstr("see `ampload load --help`"));
}

TEST_F(CommandLineTest, AnOptionOfAnotherVerbSaysWhose) {
  const Ran ran = RunAmpload({"check", "shelf:a", "--where", "a = 1"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("unknown option --where; it belongs to `ampload load`"));
}

TEST_F(CommandLineTest, AnOptionWithoutItsValueSaysWhatIsMissing) {
  const Ran ran = RunAmpload({"load", "x.parquet", "--to"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("load: --to needs a value: --to TARGET"));
}

TEST_F(CommandLineTest, AnOptionGivenTwiceIsRefused) {
  const Ran ran = RunAmpload({"load", "x.parquet", "--table", "a", "--table", "b"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("load: --table is given more than once"));
}

TEST_F(CommandLineTest, AMissingPositionalIsNamed) {
  const Ran ran = RunAmpload({"check"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("check: TARGET is required"));
}

TEST_F(CommandLineTest, AnUnexpectedArgumentIsNamedWithItsSecretsMasked) {
  const Ran ran = RunAmpload({"check", "shelf:a", "redis://me:hunter2@host"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("unexpected argument: redis://me:*******@host"));
}

TEST_F(CommandLineTest, AWrongModeNamesTheNearest) {
  const Ran ran = RunAmpload({"load", "x.parquet", "--mode", "overwite"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("did you mean overwrite?"));
}

TEST_F(CommandLineTest, ErrorsAreColoredOnATerminalWithoutNoColor) {
  terminal_ = true;
  EXPECT_THAT(RunAmpload({"laod"}).err, HasSubstr("\033[1;31merror:\033[0m"));
  env_["NO_COLOR"] = "1";
  EXPECT_THAT(RunAmpload({"laod"}).err, Not(HasSubstr("\033")));
  env_.clear();
  terminal_ = false;
  EXPECT_THAT(RunAmpload({"laod"}).err, Not(HasSubstr("\033")));
}

TEST_F(CommandLineTest, ErrorsAreJsonLinesWhereTheLogIs) {
  for (const auto& words : {std::vector<std::string>{"check", "nowhere:x", "--log-format", "json",
                                                     "--config", PathOf("none.toml")},
                            std::vector<std::string>{"check", "--log-format=json"}}) {
    const Ran ran = RunAmpload(words);
    EXPECT_EQ(ran.status, 2);
    const auto line = nlohmann::json::parse(ran.err);
    EXPECT_EQ(line["level"], "error");
    EXPECT_NE(line["message"], "");
  }
}

TEST_F(CommandLineTest, ControlCharactersInAnErrorAreEscaped) {
  const Ran ran = RunAmpload({"lo\033[2Jad"});
  EXPECT_THAT(ran.err, Not(HasSubstr("\033")));
  EXPECT_THAT(ran.err, HasSubstr("\\x1b[2J"));
}

TEST_F(CommandLineTest, SecretsInArgvAreOverwrittenBeforeTheStoreIsReached) {
  std::vector<std::string> title_at_connect;
  shelf_.on_connect = [&] { title_at_connect = argv_; };
  const Ran ran = RunAmpload({"check", "shelf:a", "--config", PathOf("none.toml"), "--option",
                              "pin=s3cret", "--option", "height=1MiB"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(shelf_.config["pin"], "s3cret");  // the loader has it
  ASSERT_EQ(title_at_connect.size(), 9U);     // the process's title has not
  EXPECT_EQ(title_at_connect[6], "pin=******");
  EXPECT_EQ(title_at_connect[8], "height=1MiB");
}

TEST_F(CommandLineTest, OutputThatCannotBeWrittenFailsAndSaysThatTheLoadIsDone) {
  out_is_full_ = true;
  const Ran ran = RunAmpload({"load", WriteParquet("a.parquet", 3), "--to", "shelf:a", "--config",
                              PathOf("none.toml"), "--json"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("the command is done"));
  EXPECT_EQ(shelf_.tables["a"]->num_rows(), 3);
}

}  // namespace
}  // namespace ampload::cli
