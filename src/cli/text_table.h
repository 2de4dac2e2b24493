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
  // further blocks, so that every column is seen.
  std::string Print(int width) const;

 private:
  std::vector<int> NaturalWidths() const;
  std::string PrintBlock(size_t first, size_t last, const std::vector<int>& widths) const;

  std::vector<TextColumn> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace ampload::cli
