// Decimal numbers as plain digits: "-0.05", "1200". No exponent, no plus sign, no allocation.
//
//   scale > 0   exactly `scale` digits behind the point, at least one in front of it
//   scale = 0   the digits
//   scale < 0   the digits and -scale zeros; zero stays "0"
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <arrow/util/decimal.h>

namespace ampload::encode {

__extension__ using Uint128 = unsigned __int128;

struct Uint256 {
  uint64_t limbs[4];  // least first
};

// How many digits a magnitude has; zero has one.
int DigitCount(uint64_t magnitude);
int DigitCount(Uint128 magnitude);
int DigitCount(const Uint256& magnitude);

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
SignedMagnitude<uint64_t> SplitSign(int64_t value);
SignedMagnitude<Uint128> SplitSign128(const uint8_t* bytes);
SignedMagnitude<Uint256> SplitSign256(const uint8_t* bytes);

// The length of the text of a number with `digits` = DigitCount(its magnitude).
int64_t DecimalTextSize(bool negative, bool zero, int digits, int32_t scale);

// Writes it; returns the end.
template <class Magnitude>
char* PutDecimalText(char* at, const SignedMagnitude<Magnitude>& value, bool zero, int digits,
                     int32_t scale);

// The inverse: the unscaled value of a text that is written exactly as above for this scale.
// nullopt for any other text, and for one of more than 76 significant digits.
std::optional<arrow::Decimal256> ParseDecimalText(std::string_view text, int32_t scale);

}  // namespace ampload::encode
