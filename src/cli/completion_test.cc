#include "cli/completion.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "cli/testing/cli_fixture.h"
#include "cli/verbs.h"

namespace ampload::cli {
namespace {

using testing::CliTest;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Ran;

class CompletionTest : public CliTest {
 protected:
  Completion At(std::vector<std::string> words) const {
    return Complete(*MakeCommandLine().app, registry_, words);
  }
  std::vector<std::string> WordsAt(std::vector<std::string> words) const {
    std::vector<std::string> out;
    for (const auto& candidate : At(std::move(words)).candidates) out.push_back(candidate.word);
    return out;
  }
  // What bash itself would offer for this line, by the script and a stand-in for the command.
  std::string InBash(const std::string& line, const std::string& answer) {
    WriteFile("ampload",
              "#!/bin/sh\nprintf '%b' '" + answer + "'\necho \"$@\" >>" + PathOf("asked"));
    WriteFile("script", RunAmpload({"completion", "bash"}).out);
    std::filesystem::permissions(PathOf("ampload"), std::filesystem::perms::owner_all);
    WriteFile("try", "source " + PathOf("script") + "\nCOMP_LINE='" + PathOf(line) +
                         "'\nCOMP_POINT=${#COMP_LINE}\n_ampload\n" +
                         "printf '%s\\n' \"${COMPREPLY[@]}\" >" + PathOf("offered"));
    EXPECT_EQ(std::system(("bash --norc " + PathOf("try")).c_str()), 0);
    return TextOf("offered");
  }
  std::string TextOf(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(PathOf(name)).rdbuf();
    return text.str();
  }
};

TEST_F(CompletionTest, OffersEveryVerb) {
  EXPECT_THAT(WordsAt({""}),
              ElementsAre("load", "stream", "plan", "replay-quarantine", "check", "loaders",
                          "new-loader", "inspect", "history", "undo", "completion"));
  EXPECT_THAT(WordsAt({"lo"}), ElementsAre("load", "loaders"));
  EXPECT_THAT(WordsAt({"--v"}), ElementsAre("--version"));
}

TEST_F(CompletionTest, OffersEveryOptionOfEveryVerb) {
  const auto line = MakeCommandLine();
  for (const auto& [verb, command] : line.commands) {
    const auto offered = WordsAt({verb->get_name(), "-"});
    for (const auto* option : verb->get_options()) {
      for (const auto& name : option->get_lnames()) EXPECT_THAT(offered, Contains("--" + name));
    }
  }
}

TEST_F(CompletionTest, OffersTheChoicesOfAnOption) {
  EXPECT_THAT(WordsAt({"load", "x", "--mode", ""}),
              ElementsAre("append", "overwrite", "upsert", "merge"));
  EXPECT_THAT(WordsAt({"load", "--mode=o"}), ElementsAre("--mode=overwrite"));
  EXPECT_THAT(WordsAt({"completion", ""}), ElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(WordsAt({"completion", "bash", ""}), IsEmpty());
}

TEST_F(CompletionTest, OffersLoadersAndFiles) {
  EXPECT_THAT(WordsAt({"loaders", "s"}), ElementsAre("shelf"));
  EXPECT_TRUE(At({"load", ""}).files);
  EXPECT_TRUE(At({"load", "a.parquet", "--force", "--table", "t", ""}).files);
  EXPECT_FALSE(At({"load", "a.parquet", "--table", ""}).files);
  EXPECT_TRUE(At({"check", "shelf:"}).files);
  EXPECT_TRUE(At({"load", "--config", ""}).files);
}

TEST_F(CompletionTest, OffersConnectionsOfTheConfigFile) {
  WriteFile("c.toml",
            "[connections.local]\nuri = \"shelf:a\"\n[connections.far]\nuri = \"shelf:b\"\n");
  EXPECT_THAT(WordsAt({"load", "x", "--config", PathOf("c.toml"), "--to", ""}),
              ElementsAre("far", "local", "shelf:"));
  EXPECT_THAT(WordsAt({"check", "--config=" + PathOf("c.toml"), "lo"}), ElementsAre("local"));
  EXPECT_THAT(WordsAt({"check", "--config", PathOf("missing.toml"), "sh"}), ElementsAre("shelf:"));
}

TEST_F(CompletionTest, AnswersTheScriptsOneWordALine) {
  const Ran ran = RunAmpload({"__complete", "load", "--on-d"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, ::testing::StartsWith("--on-duplicate\t"));
  EXPECT_EQ(RunAmpload({"__complete", "load", "x"}).out, ":files\n");
}

TEST_F(CompletionTest, BashOffersWhatTheCommandAnswers) {
  EXPECT_EQ(InBash("ampload load x --mo", "--mode\\tadd rows\\n"), "--mode\n");
  EXPECT_EQ(TextOf("asked"), "__complete load x --mo\n");
}

TEST_F(CompletionTest, BashCutsWhatReadlineTakesForAnotherWord) {
  EXPECT_EQ(InBash("ampload load --mode=ov", "--mode=overwrite\\n"), "overwrite\n");
}

TEST_F(CompletionTest, BashOffersFiles) {
  WriteFile("blocks.parquet", "");
  EXPECT_EQ(InBash("ampload load " + PathOf("blo"), ":files\\n"), PathOf("blocks.parquet") + "\n");
}

TEST_F(CompletionTest, EveryShellHasAScript) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Ran ran = RunAmpload({"completion", shell});
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.out, HasSubstr("__complete"));
  }
  EXPECT_EQ(RunAmpload({"completion", "csh"}).status, 2);
}

}  // namespace
}  // namespace ampload::cli
