// Cuts CSV text into records and cells (RFC 4180), and knows what is wrong with one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "source/text/declared_text.h"

namespace ampload::source {

struct CsvCell {
  const char* data;  // in the text; without its quotes
  uint32_t size;
  bool quoted;
  bool doubled;  // has doubled quotes inside

  std::string_view raw() const { return {data, size}; }
};

// The cell's value: `raw`, or with each doubled quote made one in `scratch`.
std::string_view CellText(const CsvCell& cell, char quote, std::string* scratch);

struct CsvRecord {
  std::string_view raw;  // without its line ending
  uint32_t cells = 0;
  uint32_t lines = 0;     // that it takes up
  Fault fault = nullptr;  // it is no record; its cells mean nothing
};

//   a,"b ""c""",d       cells are parted by `delimiter`, records by LF or CRLF; a quoted cell may
//                       have both inside. A quote inside of a cell that does not begin with one is
//                       a letter like any other.
//
// Immutable; safe from any thread.
class CsvTokenizer {
 public:
  // `quote` 0: no cell is quoted.
  CsvTokenizer(char delimiter, char quote) : delimiter_(delimiter), quote_(quote) {}

  char quote() const { return quote_; }

  // Takes the record at `at` (before `end`), appends its cells, and returns where the next one
  // begins; nullptr where the text ends before the record does, and more will come (not `last`);
  // then part of the cells may have been appended.
  const char* Take(const char* at, const char* end, bool last, std::vector<CsvCell>* cells,
                   CsvRecord* record) const;

 private:
  struct Cursor;
  const char* FindSpecial(const char* at, const char* end) const;
  bool TakePlain(Cursor* cursor, std::vector<CsvCell>* cells, CsvRecord* record) const;
  bool TakeQuoted(Cursor* cursor, std::vector<CsvCell>* cells, CsvRecord* record) const;

  const char delimiter_;
  const char quote_;
};

}  // namespace ampload::source
