// Rows of text under titles, in aligned columns.
#pragma once

#include <string>
#include <vector>

namespace ampload::cli {

enum class Align { kLeft, kRight };

struct TextColumn {
  std::string title;
  Align align = Align::kLeft;
};

class TextTable {
 public:
  explicit TextTable(std::vector<TextColumn> columns);

  // One cell a column. Control characters are escaped, here and in titles.
  void AddRow(std::vector<std::string> cells);

  // Every line ends with a newline and has at most `width` columns, where `width` is not 0: if the
  // table is wider, long cells are cut with "…", and columns that still do not fit follow below in
  // further blocks, so that every column is seen. With `repeat_first` each block begins with the
  // first column, which names the row.
  std::string Print(int width, bool repeat_first = false) const;

 private:
  std::vector<int> NaturalWidths() const;
  std::string PrintBlock(const std::vector<size_t>& columns, const std::vector<int>& widths) const;

  std::vector<TextColumn> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace ampload::cli
