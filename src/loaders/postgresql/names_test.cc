#include "loaders/postgresql/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "matchers.h"

namespace ampload::postgresql {
namespace {

constexpr auto kWrong = FailureKind::kConfiguration;

// What QUOTE_IDENT and QUOTE_LITERAL of a server 15 answer, but for the quotes that it leaves out.
TEST(Quoted, DoublesItsOwnQuotes) {
  EXPECT_EQ(Quoted("logs"), R"("logs")");
  EXPECT_EQ(Quoted("Two Words"), R"("Two Words")");
  EXPECT_EQ(Quoted(R"(a"b)"), R"("a""b")");
  EXPECT_EQ(Quoted(R"("; DROP TABLE x; --)"), R"("""; DROP TABLE x; --")");
  EXPECT_EQ(Quoted("блок"), "\"блок\"");
  const std::vector<std::string> names = {"a", "b,c"};
  EXPECT_EQ(QuotedList(names), R"("a", "b,c")");
  EXPECT_EQ(QuotedList({}), "");
}

TEST(Literal, IsTheSameTextWhateverBackslashesMean) {
  EXPECT_EQ(Literal(""), "''");
  EXPECT_EQ(Literal("it's"), "'it''s'");
  EXPECT_EQ(Literal(R"(C:\dir)"), R"(E'C:\\dir')");
  EXPECT_EQ(Literal(R"(\')"), R"(E'\\''')");
}

TEST(ParseTableName, TakesTheDefaultSchemaWhereNoneIsGiven) {
  ASSERT_OK_AND_ASSIGN(const auto name, ParseTableName("Logs", "public"));
  EXPECT_EQ(name, (TableName{"public", "Logs"}));
  EXPECT_EQ(name.sql(), R"("public"."Logs")");
  EXPECT_EQ(name.text(), "public.Logs");
}

TEST(ParseTableName, ReadsASchemaAndPartsInQuotes) {
  const auto is = [](std::string_view text, const TableName& expected) {
    ASSERT_OK_AND_ASSIGN(const auto name, ParseTableName(text, "public"));
    EXPECT_EQ(name, expected) << text;
  };
  is("chain.logs", {"chain", "logs"});
  is(R"("my.logs")", {"public", "my.logs"});
  is(R"("a.b"."c""d")", {"a.b", R"(c"d)"});
  is(R"(chain."x y")", {"chain", "x y"});
  is(R"(a"b)", {"public", R"(a"b)"});
  is("'; drop table logs; --", {"public", "'; drop table logs; --"});
  is("_/eth_rpc", {"public", "_/eth_rpc"});
  is(std::string(63, 'x') + "." + std::string(63, 'y'),
     {std::string(63, 'x'), std::string(63, 'y')});
}

TEST(ParseTableName, CountsBytesNotLetters) {
  std::string name;
  for (int i = 0; i < 31; ++i) name += "é";
  EXPECT_THAT(ParseTableName(name + "x", "public"), IsOk());
  EXPECT_THAT(ParseTableName(name + "é", "public"), FailsWith(kWrong, "at most 63 bytes"));
}

TEST(ParseTableName, RefusesWhatNamesNoTable) {
  const auto is = [](std::string_view text) { return ParseTableName(text, "public"); };
  EXPECT_THAT(is(""), FailsWith(kWrong, "is empty"));
  EXPECT_THAT(is("."), FailsWith(kWrong, "is empty"));
  EXPECT_THAT(is("logs."), FailsWith(kWrong, "is empty"));
  EXPECT_THAT(is(".logs"), FailsWith(kWrong, "is empty"));
  EXPECT_THAT(is(R"("")"), FailsWith(kWrong, "is empty"));
  EXPECT_THAT(is("db.chain.logs"), FailsWith(kWrong, "SCHEMA.TABLE"));
  EXPECT_THAT(is(R"("logs)"), FailsWith(kWrong, "ends with one"));
  EXPECT_THAT(is(R"("a"b)"), FailsWith(kWrong, "ends with one"));
  EXPECT_THAT(is(std::string_view("a\0b", 3)), FailsWith(kWrong, "no NUL"));
}

TEST(AsWritten, IsReadBackAsTheSameName) {
  const std::vector<TableName> names = {{"public", "logs"}, {"chain", "logs"}, {"public", "a.b"},
                                        {"a.b", "c"},       {"x", R"("q")"},   {"public", R"(a"b)"},
                                        {R"("s)", "."}};
  for (const auto& name : names) {
    const std::string text = AsWritten(name, "public");
    ASSERT_OK_AND_ASSIGN(const auto read, ParseTableName(text, "public"));
    EXPECT_EQ(read, name) << text;
  }
  EXPECT_EQ(AsWritten(names[0], "public"), "logs");
  EXPECT_EQ(AsWritten(names[2], "public"), R"("a.b")");
}

}  // namespace
}  // namespace ampload::postgresql
