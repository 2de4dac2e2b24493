#include "cli/amounts.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace ampload::cli {

std::string CountText(int64_t count) {
  const std::string digits = std::to_string(count);
  const size_t first = count < 0 ? 1 : 0;
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > first && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string RowsText(int64_t rows) { return CountText(rows) + (rows == 1 ? " row" : " rows"); }

std::string SizeText(int64_t bytes) {
  static constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto amount = static_cast<double>(bytes);
  size_t unit = 0;
  while (amount >= 1024 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  return unit == 0 || amount >= 10 ? fmt::format("{:.0f} {}", amount, kUnits[unit])
                                   : fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string SecondsText(double seconds) {
  if (seconds < 10) return fmt::format("{:.2f} s", seconds);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<int64_t>(std::lround(seconds));
  if (whole < 3600) return fmt::format("{} m {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} m", whole / 3600, whole % 3600 / 60);
}

std::string RateText(double rows_per_second) {
  double unit = 1;
  while (rows_per_second / unit >= 1000) unit *= 10;
  return CountText(std::llround(std::round(rows_per_second / unit) * unit)) + " rows/s";
}

}  // namespace ampload::cli
