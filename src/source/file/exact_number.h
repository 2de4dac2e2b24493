// A decimal number as written, of any size: no value is rounded on the way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ampload::source {

// (-1)^negative x digits x 10^exponent. Digits have no zeros at either end; "" is zero.
struct ExactNumber {
  bool negative = false;
  std::string digits;
  int64_t exponent = 0;

  // From [+-] digits [. digits] [e [+-] digits]; nullopt where it is not of that form or its
  // exponent is beyond 100,000.
  static std::optional<ExactNumber> Parse(std::string_view text);

  // The digits of value x 10^scale ("0" for zero), without a sign; nullopt where that is not whole.
  // "" where there would be more than `most` digits.
  std::optional<std::string> Scaled(int64_t scale, size_t most) const;
};

}  // namespace ampload::source
