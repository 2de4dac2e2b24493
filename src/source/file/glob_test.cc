#include "source/file/glob.h"

#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload::source {
namespace {

using ::testing::ElementsAre;

TEST(Glob, AStarMatchesAnyLettersAndNone) {
  EXPECT_TRUE(MatchesGlob("*", "a.parquet"));
  EXPECT_TRUE(MatchesGlob("a*", "a"));
  EXPECT_TRUE(MatchesGlob("*.parquet", "a.b.parquet"));
  EXPECT_TRUE(MatchesGlob("a*b*c", "aXbbYc"));
  EXPECT_FALSE(MatchesGlob("a*b*c", "aXbbY"));
  EXPECT_FALSE(MatchesGlob("*.parquet", "a.parquet.tmp"));
}

TEST(Glob, AQuestionMarkMatchesOneLetter) {
  EXPECT_TRUE(MatchesGlob("a?c", "abc"));
  EXPECT_FALSE(MatchesGlob("a?c", "ac"));
  EXPECT_FALSE(MatchesGlob("a?c", "abbc"));
}

TEST(Glob, ASetMatchesItsLettersAndRanges) {
  EXPECT_TRUE(MatchesGlob("[ab]1", "b1"));
  EXPECT_FALSE(MatchesGlob("[ab]1", "c1"));
  EXPECT_TRUE(MatchesGlob("x[0-9]", "x7"));
  EXPECT_FALSE(MatchesGlob("x[!0-9]", "x7"));
  EXPECT_TRUE(MatchesGlob("x[^0-9]", "xa"));
  EXPECT_TRUE(MatchesGlob("x[]]", "x]"));
  EXPECT_TRUE(MatchesGlob("x[a-]", "x-"));
}

TEST(Glob, ASetThatNeverEndsIsALetter) { EXPECT_TRUE(MatchesGlob("x[ab", "x[ab")); }

TEST(Glob, ABackslashTakesALetterAsItIs) {
  EXPECT_TRUE(MatchesGlob("a\\*", "a*"));
  EXPECT_FALSE(MatchesGlob("a\\*", "ab"));
  EXPECT_FALSE(HasGlob("a\\*"));
  EXPECT_EQ(Unescape("a\\*b"), "a*b");
}

TEST(Glob, AHiddenNameNeedsADot) {
  EXPECT_FALSE(MatchesGlob("*", ".hidden"));
  EXPECT_FALSE(MatchesGlob("?hidden", ".hidden"));
  EXPECT_TRUE(MatchesGlob(".*", ".hidden"));
}

TEST(Glob, ManyStarsDoNotTakeForEver) {
  const std::string name(2000, 'a');
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "a*";
  EXPECT_FALSE(MatchesGlob(pattern + "b", name));
}

TEST(Glob, BracesGiveEveryAlternative) {
  EXPECT_THAT(ExpandBraces("x{a,b}{1,2}").ValueOrDie(), ElementsAre("xa1", "xa2", "xb1", "xb2"));
  EXPECT_THAT(ExpandBraces("{a,b{c,d}}/e").ValueOrDie(), ElementsAre("a/e", "bc/e", "bd/e"));
  EXPECT_THAT(ExpandBraces("a{,b}").ValueOrDie(), ElementsAre("a", "ab"));
}

TEST(Glob, BracesWithoutACommaOrAnEndStay) {
  EXPECT_THAT(ExpandBraces("a{b}").ValueOrDie(), ElementsAre("a{b}"));
  EXPECT_THAT(ExpandBraces("a{b,c").ValueOrDie(), ElementsAre("a{b,c"));
  EXPECT_THAT(ExpandBraces("a\\{b,c}").ValueOrDie(), ElementsAre("a\\{b,c}"));
  EXPECT_THAT(ExpandBraces("{a}{b,c}").ValueOrDie(), ElementsAre("{a}b", "{a}c"));
}

TEST(Glob, TooManyAlternativesAreRefused) {
  std::string pattern;
  for (int i = 0; i < 20; ++i) pattern += "{a,b}";
  EXPECT_THAT(ExpandBraces(pattern), FailsWith(FailureKind::kConfiguration, "10000"));
}

}  // namespace
}  // namespace ampload::source
