#include "cli/text.h"

#include <gmock/gmock.h>

#include "cli/amounts.h"
#include "cli/text_table.h"

namespace ampload::cli {
namespace {

using ::testing::ElementsAre;

TEST(Text, CountsTheColumnsThatATerminalUses) {
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("é"), 1);
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1);  // a combining accent
  EXPECT_EQ(DisplayWidth("日本"), 4);
  EXPECT_EQ(DisplayWidth("\xff\xfe"), 2);  // not UTF-8
}

TEST(Text, CutsAtTheWidthWithAnEllipsis) {
  EXPECT_EQ(CutToWidth("abcdef", 6), "abcdef");
  EXPECT_EQ(CutToWidth("abcdef", 5), "abcd…");
  EXPECT_EQ(CutToWidth("日本語", 4), "日…");
}

TEST(Text, EscapesWhatCouldSteerATerminal) {
  EXPECT_EQ(EscapeControls("a\nb\tc\033[2J\x7f"), "a\\nb\\tc\\x1b[2J\\x7f");
  EXPECT_EQ(EscapeControls("a\nb", true), "a\nb");
  EXPECT_EQ(EscapeControls("\xc2\x9b"), "\\x9b");  // C1 CSI
  EXPECT_EQ(EscapeControls("\xe2\x80\xae"
                           "abc"),
            "\\u202eabc");  // right-to-left override
  EXPECT_EQ(EscapeControls("é日\xff"), "é日\xef\xbf\xbd");
}

TEST(Text, WrapsAtSpaces) {
  EXPECT_THAT(WrapText("one two  three", 8), ElementsAre("one two", "three"));
  EXPECT_THAT(WrapText("a-very-long-word b", 6), ElementsAre("a-very-long-word", "b"));
}

TEST(Text, ADefinitionGoesOnTheNextLineWhereItsNameIsLong) {
  EXPECT_EQ(Definition("a", "one", 8, 40), "  a     one\n");
  EXPECT_EQ(Definition("a-long-name", "one", 8, 40), "  a-long-name\n        one\n");
}

TEST(Amounts, ReadAtAGlance) {
  EXPECT_EQ(CountText(1234567), "1,234,567");
  EXPECT_EQ(CountText(-123), "-123");
  EXPECT_EQ(RowsText(1), "1 row");
  EXPECT_EQ(RowsText(719), "719 rows");
  EXPECT_EQ(SizeText(512), "512 B");
  EXPECT_EQ(SizeText(1536), "1.5 KiB");
  EXPECT_EQ(SizeText(64 << 20), "64 MiB");
  EXPECT_EQ(SecondsText(0.0234), "0.02 s");
  EXPECT_EQ(SecondsText(200), "3 m 20 s");
  EXPECT_EQ(RateText(31234.5), "31,200 rows/s");
  EXPECT_EQ(RateText(0), "0 rows/s");
}

TEST(TextTable, AlignsAndEndsLinesWithoutSpaces) {
  TextTable table({{"NAME"}, {"ROWS", Align::kRight}});
  table.AddRow({"a", "1,000"});
  table.AddRow({"longer", "7"});
  EXPECT_EQ(table.Print(0), "NAME     ROWS\na       1,000\nlonger      7\n");
}

TEST(TextTable, ShowsEveryColumnInBlocksWhereTheTerminalIsNarrow) {
  TextTable table({{"a"}, {"b"}, {"c"}});
  table.AddRow({std::string(30, 'x'), std::string(30, 'y'), "z"});
  EXPECT_EQ(table.Print(28), "a             b\nxxxxxxxxxxx…  yyyyyyyyyyy…\n\nc\nz\n");
  EXPECT_EQ(table.Print(0), "a                               b                               c\n" +
                                std::string(30, 'x') + "  " + std::string(30, 'y') + "  z\n");
}

TEST(TextTable, RepeatsTheFirstColumnWhereAskedTo) {
  TextTable table({{"a"}, {"b"}, {"c"}});
  table.AddRow({"id", std::string(30, 'y'), std::string(30, 'z')});
  EXPECT_EQ(table.Print(20, true), "a   b\nid  yyyyyyyyyyy…\n\na   c\nid  zzzzzzzzzzz…\n");
}

}  // namespace
}  // namespace ampload::cli
