// Decimal numbers as plain digits: "-0.05", "1200". No exponent, no plus sign, no allocation.
//
//   scale > 0   exactly `scale` digits behind the point, at least one in front of it
//   scale = 0   the digits
//   scale < 0   the digits and -scale zeros; zero stays "0"
#pragma once

#include <arrow/util/decimal.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "encode/digit_count.h"

namespace ampload::encode {

// Writes exactly `count` digits, zeros in front; `count` is at least DigitCount. Returns the end.
char* PutDigits(char* at, uint64_t magnitude, int count);
char* PutDigits(char* at, Uint128 magnitude, int count);
char* PutDigits(char* at, const Uint256& magnitude, int count);

// Little-endian two's complement, as Arrow keeps it, taken apart.
template <class Magnitude>
struct SignedMagnitude {
  bool negative;
  Magnitude magnitude;
};
inline SignedMagnitude<uint64_t> SplitSign(int64_t value) {
  const bool negative = value < 0;
  const auto bits = static_cast<uint64_t>(value);
  return {negative, negative ? 0 - bits : bits};
}
inline SignedMagnitude<Uint128> SplitSign128(const uint8_t* bytes) {
  Uint128 bits = 0;
  std::memcpy(&bits, bytes, sizeof(bits));
  const bool negative = (bits >> 127) != 0;
  return {negative, negative ? 0 - bits : bits};
}
inline SignedMagnitude<Uint256> SplitSign256(const uint8_t* bytes) {
  Uint256 bits;
  std::memcpy(bits.limbs, bytes, sizeof(bits.limbs));
  const bool negative = (bits.limbs[3] >> 63) != 0;
  if (negative) {
    bool carry = true;
    for (uint64_t& limb : bits.limbs) {
      limb = ~limb + carry;
      carry = carry && limb == 0;
    }
  }
  return {negative, bits};
}

// The length of the text of a number with `digits` = DigitCount(its magnitude).
inline int64_t DecimalTextSize(bool negative, bool zero, int digits, int32_t scale) {
  if (scale <= 0) return negative + digits - (zero ? 0 : int64_t{scale});
  return negative + std::max<int64_t>(digits, int64_t{scale} + 1) + 1;
}

// Writes it; returns the end.
template <class Magnitude>
char* PutDecimalText(char* at, const SignedMagnitude<Magnitude>& value, bool zero, int digits,
                     int32_t scale);

// The inverse: the unscaled value of a text that is written exactly as above for this scale.
// nullopt for any other text, and for one of more than 76 significant digits.
std::optional<arrow::Decimal256> ParseDecimalText(std::string_view text, int32_t scale);

}  // namespace ampload::encode
