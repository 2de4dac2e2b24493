#include "pipeline/progress_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

namespace ampload::pipeline {
namespace {

// `value` in the largest unit of which there is one; a decimal only below 100 of it.
std::string Scaled(int64_t value, int64_t step, std::span<const std::string_view> units) {
  if (value < 0) {
    return fmt::format("-{}", Scaled(value == INT64_MIN ? INT64_MAX : -value, step, units));
  }
  int64_t unit = 1;
  size_t name = 0;
  while (value / unit >= step && name + 1 < units.size()) {
    unit *= step;
    ++name;
  }
  const int64_t whole = value / unit;
  std::string text = std::to_string(whole);
  if (name > 0 && whole < 100) {
    const auto tenth =
        static_cast<int64_t>(static_cast<double>(value % unit) / static_cast<double>(unit) * 10.0);
    text += fmt::format(".{}", std::min<int64_t>(tenth, 9));
  }
  return text.append(units[name]);
}

bool StartsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

int64_t Columns(std::string_view text) {
  return std::count_if(text.begin(), text.end(), StartsCharacter);
}

std::string CutToColumns(std::string text, int64_t width) {
  int64_t columns = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (StartsCharacter(text[i]) && ++columns > width) {
      text.resize(i);
      break;
    }
  }
  return text;
}

std::string Printable(std::string_view label) {
  std::string text(label);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20U || c == 0x7F) c = '?';
  }
  return text;
}

}  // namespace

std::string HumanCount(int64_t count) {
  static constexpr std::array<std::string_view, 5> kUnits = {"", "k", "M", "G", "T"};
  return Scaled(count, 1000, kUnits);
}

std::string HumanBytes(int64_t bytes) {
  static constexpr std::array<std::string_view, 5> kUnits = {" B", " KiB", " MiB", " GiB", " TiB"};
  return Scaled(bytes, 1024, kUnits);
}

std::string HumanDuration(double seconds) {
  constexpr double kLongest = 359999;  // 99:59:59
  const auto whole =
      static_cast<int64_t>(std::isfinite(seconds) ? std::clamp(seconds, 0.0, kLongest) : kLongest);
  const int64_t hours = whole / 3600;
  const int64_t minutes = whole / 60 % 60;
  const int64_t rest = whole % 60;
  if (hours == 0) return fmt::format("{}:{:02}", minutes, rest);
  return fmt::format("{}:{:02}:{:02}", hours, minutes, rest);
}

std::string ProgressText(std::string_view label, const LoadProgress& progress,
                         std::optional<int64_t> total_rows, int64_t width) {
  const int64_t rows = progress.rows_staged;
  const bool total_known = total_rows.has_value() && *total_rows >= rows;
  const double rate = progress.seconds > 0 ? static_cast<double>(rows) / progress.seconds : 0;

  std::string head = Printable(label) + "  " + HumanCount(rows);
  if (total_known && !progress.committing) head += " of " + HumanCount(*total_rows);
  head += " rows";
  if (progress.committing) head += "  committing";

  std::string rate_text;
  std::string eta_text;
  if (rate >= 1) {
    rate_text = fmt::format("  {} rows/s", HumanCount(static_cast<int64_t>(rate)));
    if (total_known && !progress.committing) {
      const double left = std::ceil(static_cast<double>(*total_rows - rows) / rate);
      eta_text = fmt::format("  eta {}", HumanDuration(left));
    }
  }
  const std::string elapsed = fmt::format("  {}", HumanDuration(progress.seconds));

  const std::array<std::string, 4> fullest_first = {
      head + rate_text + elapsed + eta_text, head + rate_text + eta_text, head + eta_text, head};
  for (const auto& text : fullest_first) {
    if (Columns(text) <= width) return text;
  }
  return CutToColumns(head, width);
}

std::string ProgressText(std::string_view label, const StreamProgress& progress, int64_t width) {
  const std::string head = Printable(label) + "  " + HumanCount(progress.rows_committed) + " rows";
  std::string blocks;
  for (const auto& [network, block] : progress.committed_to) {
    blocks += "  block " + std::to_string(block.value);
    if (progress.committed_to.size() > 1) blocks += " of " + Printable(network);
  }
  std::string reorgs;
  if (progress.reorgs > 0) {
    reorgs = "  " + HumanCount(progress.reorgs) + (progress.reorgs == 1 ? " reorg" : " reorgs");
  }
  const std::string elapsed = "  " + HumanDuration(progress.seconds);
  for (const auto& text :
       {head + blocks + reorgs + elapsed, head + blocks + reorgs, head + blocks}) {
    if (Columns(text) <= width) return text;
  }
  return CutToColumns(head, width);
}

}  // namespace ampload::pipeline
