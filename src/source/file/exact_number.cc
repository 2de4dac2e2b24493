#include "source/file/exact_number.h"

#include <charconv>

namespace ampload::source {

std::optional<ExactNumber> ExactNumber::Parse(std::string_view text) {
  constexpr int64_t kMostExponent = 100'000;
  ExactNumber number;
  if (text.starts_with('-') || text.starts_with('+')) {
    number.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  bool fraction = false;
  bool any = false;
  size_t i = 0;
  for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; ++i) {
    if (text[i] == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    any = true;
    number.digits += text[i];
    if (fraction) --number.exponent;
  }
  if (!any) return std::nullopt;
  if (i < text.size()) {
    auto power = text.substr(i + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    int64_t value = 0;
    const auto [end, error] = std::from_chars(power.data(), power.data() + power.size(), value);
    if (error != std::errc() || end != power.data() + power.size()) return std::nullopt;
    if (value > kMostExponent || value < -kMostExponent) return std::nullopt;
    number.exponent += value;
  }
  number.digits.erase(0, number.digits.find_first_not_of('0'));
  while (number.digits.ends_with('0')) {
    number.digits.pop_back();
    ++number.exponent;
  }
  if (number.digits.empty()) number = ExactNumber();
  return number;
}

std::optional<std::string> ExactNumber::Scaled(int64_t scale, size_t most) const {
  if (digits.empty()) return "0";
  const int64_t zeros = exponent + scale;
  if (zeros < 0) return std::nullopt;
  if (digits.size() + static_cast<size_t>(zeros) > most) return "";
  return digits + std::string(static_cast<size_t>(zeros), '0');
}

}  // namespace ampload::source
