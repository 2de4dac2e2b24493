#include "source/file/path_expansion.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "matchers.h"
#include "source/file/test_files.h"

namespace ampload::source {
namespace {

using ::testing::ElementsAre;

class PathExpansion : public ::testing::Test {
 protected:
  std::string Touch(const std::string& name) { return folder_.Write(name, "x"); }
  std::string Path(const std::string& name) { return folder_.Path(name); }
  static Result<std::vector<std::string>> Expand(std::vector<std::string> paths,
                                                 std::optional<Format> format = std::nullopt) {
    ARROW_ASSIGN_OR_RAISE(const auto found, ExpandPaths(paths, format));
    std::vector<std::string> out;
    for (const auto& one : found) out.push_back(one.path);
    return out;
  }
  static std::vector<std::string> Below(const std::string& path) {
    std::vector<std::string> out;
    for (const auto& one : ExpandPaths(std::vector{path}).ValueOrDie()) out.push_back(one.below);
    return out;
  }

  TestFolder folder_;
};

TEST_F(PathExpansion, KeepsTheOrderOfThePaths) {
  const auto b = Touch("b.parquet");
  const auto a = Touch("a.parquet");
  EXPECT_THAT(Expand({b, a}).ValueOrDie(), ElementsAre(b, a));
}

TEST_F(PathExpansion, AGlobGivesNameOrder) {
  const auto b = Touch("b1.parquet");
  const auto a = Touch("a1.parquet");
  Touch("c1.csv");
  EXPECT_THAT(Expand({Path("*.parquet")}).ValueOrDie(), ElementsAre(a, b));
  EXPECT_THAT(Expand({Path("{b,a}1.parquet")}).ValueOrDie(), ElementsAre(a, b));
  EXPECT_THAT(Expand({Path("[b-c]1.*")}).ValueOrDie(), ElementsAre(b, Path("c1.csv")));
}

TEST_F(PathExpansion, AFolderGivesEveryParquetFileBelow) {
  const auto top = Touch("d/z.parquet");
  const auto deep = Touch("d/a/b/x.parquet");
  Touch("d/a/readme.txt");
  Touch("d/_temporary/x.parquet");
  Touch("d/.hidden/x.parquet");
  Touch("d/_x.parquet");
  Touch("d/.x.parquet");
  EXPECT_THAT(Expand({Path("d")}).ValueOrDie(), ElementsAre(deep, top));
  EXPECT_THAT(Expand({Path("d/**")}).ValueOrDie(), ElementsAre(deep, top));
}

TEST_F(PathExpansion, TwoStarsStandForFoldersAndForNone) {
  const auto top = Touch("d/x.parquet");
  const auto deep = Touch("d/a/b/x.parquet");
  Touch("d/_log/x.parquet");
  EXPECT_THAT(Expand({Path("d/**/x.*")}).ValueOrDie(), ElementsAre(deep, top));
  EXPECT_THAT(Expand({Path("**/b/*.parquet")}).ValueOrDie(), ElementsAre(deep));
}

TEST_F(PathExpansion, AFolderThatAGlobMatchesIsExpanded) {
  const auto one = Touch("day=1/x.parquet");
  const auto two = Touch("day=2/x.parquet");
  EXPECT_THAT(Expand({Path("day=*")}).ValueOrDie(), ElementsAre(one, two));
}

TEST_F(PathExpansion, AnExistingNameIsTakenAsItIs) {
  const auto star = Touch("a[1]*.parquet");
  Touch("a1x.parquet");
  EXPECT_THAT(Expand({star}).ValueOrDie(), ElementsAre(star));
}

TEST_F(PathExpansion, AMissingFileNamesTheNearestOne) {
  Touch("blocks.parquet");
  EXPECT_THAT(Expand({Path("block.parquet")}),
              FailsWith(FailureKind::kConfiguration, "did you mean " + Path("blocks.parquet")));
  EXPECT_THAT(Expand({Path("nowhere/at/all")}),
              FailsWith(FailureKind::kConfiguration, "no such file or folder: path="));
}

TEST_F(PathExpansion, APatternWithoutAMatchIsNamed) {
  EXPECT_THAT(Expand({Path("*.parquet")}),
              FailsWith(FailureKind::kConfiguration, "pattern=" + Path("*.parquet")));
  EXPECT_THAT(Expand({Path("no/**/*.parquet")}),
              FailsWith(FailureKind::kConfiguration, "no file matches"));
}

TEST_F(PathExpansion, AFolderGivesEveryFormatThatCanBeReadOrTheOneAskedFor) {
  const auto arrow = Touch("d/a.arrow");
  const auto csv = Touch("d/b.csv.gz");
  const auto lines = Touch("d/c.jsonl.zst");
  const auto tabs = Touch("d/d.tsv");
  Touch("d/e.txt");
  Touch("d/f.gz");
  EXPECT_THAT(Expand({Path("d")}).ValueOrDie(), ElementsAre(arrow, csv, lines, tabs));
  EXPECT_THAT(Expand({Path("d")}, Format::kCsv).ValueOrDie(), ElementsAre(csv, tabs));
  EXPECT_THAT(Expand({Path("d")}, Format::kParquet),
              FailsWith(FailureKind::kConfiguration, "a suffix of parquet"));
}

TEST_F(PathExpansion, AFolderWithoutAKnownSuffixIsNamed) {
  Touch("d/readme.txt");
  EXPECT_THAT(Expand({Path("d")}),
              FailsWith(FailureKind::kConfiguration, "a suffix of Parquet, Arrow IPC, CSV or"));
}

TEST_F(PathExpansion, KnowsWhatLiesBelowThePartThatWasGiven) {
  const auto file = Touch("d/year=1/x.parquet");
  Touch("d/year=2/a/y.parquet");
  EXPECT_THAT(Below(Path("d")), ElementsAre("year=1/x.parquet", "year=2/a/y.parquet"));
  EXPECT_THAT(Below(Path("d/")), ElementsAre("year=1/x.parquet", "year=2/a/y.parquet"));
  EXPECT_THAT(Below(Path("d/*")), ElementsAre("year=1/x.parquet", "year=2/a/y.parquet"));
  EXPECT_THAT(Below(Path("d/y*/x.*")), ElementsAre("year=1/x.parquet"));
  EXPECT_THAT(Below(Path("d/year=1/*")), ElementsAre("x.parquet"));
  EXPECT_THAT(Below(file), ElementsAre(""));
}

TEST_F(PathExpansion, StandardInputStandsAmongFilesOnce) {
  const auto a = Touch("a.parquet");
  EXPECT_THAT(Expand({"-", a}).ValueOrDie(), ElementsAre("-", a));
  EXPECT_THAT(Expand({"-", a, "-"}), FailsWith(FailureKind::kConfiguration, "given twice"));
}

TEST_F(PathExpansion, TheSameFileTwiceIsRefused) {
  const auto a = Touch("a.parquet");
  EXPECT_THAT(Expand({a, a}), FailsWith(FailureKind::kConfiguration, "given twice"));
  EXPECT_THAT(Expand({a, Path("*.parquet")}), FailsWith(FailureKind::kConfiguration, "twice"));
  EXPECT_THAT(Expand({a, Path("./a.parquet")}), FailsWith(FailureKind::kConfiguration, "twice"));
  std::filesystem::create_symlink(a, Path("link.parquet"));
  EXPECT_THAT(Expand({Path("*.parquet")}),
              FailsWith(FailureKind::kConfiguration, "second=" + Path("link.parquet")));
}

TEST_F(PathExpansion, ALoopOfLinksIsFollowedOnce) {
  const auto a = Touch("d/a.parquet");
  std::filesystem::create_directory_symlink(Path("d"), Path("d/loop"));
  EXPECT_THAT(Expand({Path("d")}).ValueOrDie(), ElementsAre(a));
}

TEST_F(PathExpansion, ALinkThatLeadsNowhereIsAnError) {
  std::filesystem::create_symlink(Path("gone"), Path("a.parquet"));
  EXPECT_THAT(Expand({Path("*.parquet")}), FailsWith(FailureKind::kPermanent, "a.parquet"));
}

TEST_F(PathExpansion, SaysWhatCannotBeReadYet) {
  EXPECT_THAT(Expand({"gs://bucket/x.parquet"}),
              FailsWith(FailureKind::kConfiguration, "gs:// cannot be read"));
  EXPECT_THAT(Expand({"file:///x"}), FailsWith(FailureKind::kConfiguration, "without file://"));
  EXPECT_THAT(Expand({}), FailsWith(FailureKind::kConfiguration, "no file"));
  EXPECT_THAT(Expand({""}), FailsWith(FailureKind::kConfiguration, "empty path"));
}

}  // namespace
}  // namespace ampload::source
