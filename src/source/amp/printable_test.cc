#include "source/amp/printable.h"

#include <gtest/gtest.h>

#include <string>

namespace ampload::source {
namespace {

TEST(PrintableText, KeepsTextAndBlotsOutWhatIsNone) {
  EXPECT_EQ(PrintableText("a\tb\nc\r", 99), "a b c ");
  EXPECT_EQ(PrintableText("\x1b[2J\x7f\xc2\x9b", 99), "?[2J??");
  EXPECT_EQ(PrintableText("h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 99),
            "h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(PrintableText("\xff\xc3(\xed\xa0\x80", 99),
            "??"
            "(???");
}

TEST(PrintableText, IsCutBetweenCharacters) {
  EXPECT_EQ(PrintableText("abcdef", 6), "abcdef");
  EXPECT_EQ(PrintableText("abcdef", 5), "abcde...");
  EXPECT_EQ(PrintableText("ab\xe2\x82\xac", 4), "ab...");
}

TEST(IsUtf8, RefusesSurrogatesOverlongFormsAndCutCharacters) {
  EXPECT_TRUE(IsUtf8("SELECT '\xe2\x82\xac'"));
  for (const char* text : {"\xed\xa0\x80", "\xc0\x80", "\xe2\x82", "\xf4\x90\x80\x80", "\x80"}) {
    EXPECT_FALSE(IsUtf8(text));
  }
}

}  // namespace
}  // namespace ampload::source
