#include "source/text/csv_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace ampload::source {
namespace {

using ::testing::ElementsAre;
using Rows = std::vector<std::vector<std::string>>;

struct Taken {
  Rows rows;
  std::vector<std::string> faults;  // of records that are none
  uint32_t lines = 0;
};

Taken TakeAll(std::string_view text, char delimiter = ',', char quote = '"') {
  // Exactly as large as the text, so that ASan sees a read behind it.
  const std::vector<char> bytes(text.begin(), text.end());
  const CsvTokenizer tokenizer(delimiter, quote);
  Taken taken;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  std::vector<CsvCell> cells;
  CsvRecord record;
  std::string scratch;
  while (at < end) {
    cells.clear();
    at = tokenizer.Take(at, end, /*last=*/true, &cells, &record);
    taken.lines += record.lines;
    if (record.fault != nullptr) {
      taken.faults.emplace_back(record.fault);
      continue;
    }
    auto& row = taken.rows.emplace_back();
    for (const auto& cell : cells) row.emplace_back(CellText(cell, quote, &scratch));
  }
  return taken;
}

// python3 -c 'import csv,io; print(list(csv.reader(io.StringIO(TEXT, newline=""))))'
TEST(CsvTokenizer, ReadsWhatPythonReads) {
  EXPECT_THAT(TakeAll("a,b\n1,2\n").rows,
              ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "2")));
  EXPECT_THAT(TakeAll("a,b\r\n1,2").rows,
              ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "2")));
  EXPECT_THAT(TakeAll(",\n,,\n").rows, ElementsAre(ElementsAre("", ""), ElementsAre("", "", "")));
  EXPECT_THAT(TakeAll("\"a,b\",\"c\"\"d\",\"\"\n").rows,
              ElementsAre(ElementsAre("a,b", "c\"d", "")));
  EXPECT_THAT(TakeAll("\"a\nb\",\"c\r\nd\"\r\nx,y").rows,
              ElementsAre(ElementsAre("a\nb", "c\r\nd"), ElementsAre("x", "y")));
  EXPECT_THAT(TakeAll("a\"b,c\"\"d\n").rows, ElementsAre(ElementsAre("a\"b", "c\"\"d")));
  EXPECT_THAT(TakeAll("\"\"\"\",\"\"\"\"\"\"\n").rows, ElementsAre(ElementsAre("\"", "\"\"")));
  EXPECT_THAT(TakeAll(" \"a\" ,b\n").rows, ElementsAre(ElementsAre(" \"a\" ", "b")));
  EXPECT_THAT(TakeAll("a,").rows, ElementsAre(ElementsAre("a", "")));
}

TEST(CsvTokenizer, TakesOtherDelimitersAndQuotes) {
  EXPECT_THAT(TakeAll("a\tb,c\t'd\te'\n", '\t', '\'').rows,
              ElementsAre(ElementsAre("a", "b,c", "d\te")));
  EXPECT_THAT(TakeAll("\"a,b\"\n", ',', '\0').rows, ElementsAre(ElementsAre("\"a", "b\"")));
}

TEST(CsvTokenizer, SaysWhatIsNoRecord) {
  EXPECT_THAT(TakeAll("\"a\"b,c\nd,e\n").faults,
              ElementsAre(::testing::HasSubstr("behind a closing quote")));
  EXPECT_THAT(TakeAll("\"a\"b,c\nd,e\n").rows, ElementsAre(ElementsAre("d", "e")));
  EXPECT_THAT(TakeAll("a\rb\nc\n").faults, ElementsAre(::testing::HasSubstr("carriage return")));
  EXPECT_THAT(TakeAll("a\rb\nc\n").rows, ElementsAre(ElementsAre("c")));
  EXPECT_THAT(TakeAll("a\n\"b\nc\n").faults, ElementsAre(::testing::HasSubstr("never closed")));
  EXPECT_THAT(TakeAll("a\r").faults, ElementsAre(::testing::HasSubstr("carriage return")));
  EXPECT_THAT(TakeAll("\"a\"\r").faults, ElementsAre(::testing::HasSubstr("closing quote")));
}

std::string RandomCell(std::mt19937_64* random) {
  static constexpr std::string_view kLetters = "ab,\"\"\n\r;\t 0\xc3\xa9";
  std::string cell;
  for (auto left = (*random)() % 40; left > 0; --left) {
    cell += kLetters[(*random)() % kLetters.size()];
  }
  return cell;
}

// Quoted where it must be, and sometimes where it need not.
std::string Write(const std::string& cell, bool quote) {
  if (!quote && cell.find_first_of(",\"\n\r") == std::string::npos) return cell;
  std::string out = "\"";
  for (const char c : cell) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

TEST(CsvTokenizer, ReadsBackWhatWasWritten) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 2000; ++round) {
    Rows rows;
    std::string text;
    uint32_t lines = 0;
    for (auto left = 1 + random() % 5; left > 0; --left) {
      auto& row = rows.emplace_back();
      for (auto cells = 1 + random() % 4; cells > 0; --cells) {
        row.push_back(RandomCell(&random));
        // A single empty cell is written with quotes, or it would be a blank line.
        text += Write(row.back(), random() % 4 == 0) + (cells > 1 ? "," : "");
      }
      text += left == 1 && random() % 2 == 0 && !row.back().empty() ? ""
              : random() % 2 == 0                                   ? "\r\n"
                                                                    : "\n";
    }
    const auto taken = TakeAll(text);
    ASSERT_EQ(taken.rows, rows) << text;
    ASSERT_TRUE(taken.faults.empty());
    lines =
        static_cast<uint32_t>(std::count(text.begin(), text.end(), '\n')) + !text.ends_with('\n');
    ASSERT_EQ(taken.lines, lines) << text;
  }
}

TEST(CsvTokenizer, APartOfARecordIsNeverTakenForAWholeOne) {
  const CsvTokenizer tokenizer(',', '"');
  std::mt19937_64 random(12);
  for (int round = 0; round < 2000; ++round) {
    std::string text = Write(RandomCell(&random), random() % 2 == 0) + "," +
                       Write(RandomCell(&random), false) + (random() % 2 == 0 ? "\r\n" : "\n");
    if (random() % 4 == 0) text[random() % text.size()] = "\",\n\rx"[random() % 5];
    std::vector<CsvCell> cells;
    CsvRecord whole;
    const char* const end = text.data() + text.size();
    const char* const next = tokenizer.Take(text.data(), end, true, &cells, &whole);
    const auto size = static_cast<size_t>(next - text.data());
    for (size_t cut = 0; cut <= text.size(); ++cut) {
      const std::vector<char> part(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(cut));
      cells.clear();
      CsvRecord record;
      const char* const begin = part.data();
      if (begin == nullptr) continue;
      const char* const behind = tokenizer.Take(begin, begin + cut, false, &cells, &record);
      if (behind == nullptr) continue;
      ASSERT_EQ(static_cast<size_t>(behind - begin), size) << text << cut;
      ASSERT_EQ(record.fault, whole.fault);
      ASSERT_EQ(record.raw.size(), whole.raw.size());
      ASSERT_EQ(record.cells, whole.cells);
    }
  }
}

}  // namespace
}  // namespace ampload::source
