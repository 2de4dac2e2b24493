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

std::string TextTable::Print(int width, bool repeat_first) const {
  std::vector<int> widths = NaturalWidths();
  const int whole = std::accumulate(widths.begin(), widths.end(), 0) +
                    kGap * (static_cast<int>(widths.size()) - 1);
  std::vector<size_t> block;
  if (width == 0 || whole <= width) {
    block.resize(columns_.size());
    std::iota(block.begin(), block.end(), size_t{0});
    return PrintBlock(block, widths);
  }
  const int widest = std::min(std::max(width / 3, 12), width);
  for (int& column : widths) column = std::min(column, widest);
  std::string out;
  int used = 0;
  for (size_t column = 0; column < columns_.size(); ++column) {
    if (!block.empty() && used + kGap + widths[column] > width) {
      out += PrintBlock(block, widths) + "\n";
      block.clear();
      if (repeat_first) block.push_back(0);
      used = repeat_first ? widths[0] : 0;
    }
    used += widths[column] + (block.empty() ? 0 : kGap);
    block.push_back(column);
  }
  return out + PrintBlock(block, widths);
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

std::string TextTable::PrintBlock(const std::vector<size_t>& columns,
                                  const std::vector<int>& widths) const {
  const auto line_of = [&](const auto& cell_at) {
    std::string line;
    for (const size_t i : columns) {
      if (!line.empty()) line.append(kGap, ' ');
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
