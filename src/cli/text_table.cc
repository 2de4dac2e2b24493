#include "cli/text_table.h"

#include <algorithm>
#include <numeric>

#include "cli/text.h"

namespace ampload::cli {
namespace {

constexpr int kGap = 2;

std::string WithoutTrailingSpaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

TextTable::TextTable(std::vector<TextColumn> columns) : columns_(std::move(columns)) {
  for (auto& column : columns_) column.title = EscapeControls(column.title);
}

void TextTable::AddRow(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (auto& cell : cells) cell = EscapeControls(cell);
  rows_.push_back(std::move(cells));
}

std::string TextTable::Print(int width) const {
  std::vector<int> widths = NaturalWidths();
  const int whole = std::accumulate(widths.begin(), widths.end(), 0) +
                    kGap * (static_cast<int>(widths.size()) - 1);
  if (width == 0 || whole <= width) return PrintBlock(0, columns_.size(), widths);

  const int widest = std::min(std::max(width / 3, 12), width);
  for (int& column : widths) column = std::min(column, widest);
  std::string out;
  for (size_t first = 0; first < columns_.size();) {
    size_t last = first;
    for (int used = 0; last < columns_.size(); ++last) {
      used += widths[last] + (last > first ? kGap : 0);
      if (used > width && last > first) break;
    }
    if (first > 0) out += "\n";
    out += PrintBlock(first, last, widths);
    first = last;
  }
  return out;
}

std::vector<int> TextTable::NaturalWidths() const {
  std::vector<int> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    int width = DisplayWidth(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, DisplayWidth(row[i]));
    widths.push_back(width);
  }
  return widths;
}

std::string TextTable::PrintBlock(size_t first, size_t last, const std::vector<int>& widths) const {
  const auto line_of = [&](const auto& cell_at) {
    std::string line;
    for (size_t i = first; i < last; ++i) {
      if (i > first) line.append(kGap, ' ');
      std::string cell = CutToWidth(cell_at(i), widths[i]);
      line += columns_[i].align == Align::kRight ? PadLeft(std::move(cell), widths[i])
                                                 : PadRight(std::move(cell), widths[i]);
    }
    return WithoutTrailingSpaces(std::move(line)) + "\n";
  };
  std::string out = line_of([&](size_t i) { return columns_[i].title; });
  for (const auto& row : rows_) out += line_of([&](size_t i) { return row[i]; });
  return out;
}

}  // namespace ampload::cli
