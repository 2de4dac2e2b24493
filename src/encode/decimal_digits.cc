#include "encode/decimal_digits.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace ampload::encode {
namespace {

constexpr uint64_t kTen19 = 10'000'000'000'000'000'000ULL;

// `high` * 2^64 + `low` divided by 10^19, for high < 10^19: Moeller and Granlund, "Improved
// division by invariant integers", algorithm 4. 10^19 has its top bit set, as that needs.
inline uint64_t DivideByTen19(uint64_t high, uint64_t low, uint64_t* remainder) {
  constexpr auto kReciprocal = static_cast<uint64_t>(~Uint128{0} / kTen19 - (Uint128{1} << 64));
  const Uint128 product = Uint128{kReciprocal} * high + ((Uint128{high} << 64) | low);
  uint64_t quotient = static_cast<uint64_t>(product >> 64) + 1;
  uint64_t rest = low - quotient * kTen19;
  if (rest > static_cast<uint64_t>(product)) {
    --quotient;
    rest += kTen19;
  }
  if (rest >= kTen19) {
    ++quotient;
    rest -= kTen19;
  }
  *remainder = rest;
  return quotient;
}

// The eight digits of a number below 10^8, the first in the lowest byte: divided by 10^4, both
// halves by 100, all four quarters by 10, side by side in one register.
inline uint64_t EightDigits(uint32_t value) {
  const uint64_t halves = value / 10000 | uint64_t{value % 10000} << 32;
  const uint64_t hundreds = ((halves * 10486) >> 20) & 0x0000007f0000007f;
  const uint64_t quarters = hundreds | (halves - hundreds * 100) << 16;
  const uint64_t tens = ((quarters * 103) >> 10) & 0x000f000f000f000f;
  return (tens | (quarters - tens * 10) << 8) + 0x3030303030303030;
}

inline void PutEight(char* at, uint64_t value) {
  const uint64_t digits = EightDigits(static_cast<uint32_t>(value));
  std::memcpy(at, &digits, 8);
}

// Any number of digits up to 20.
inline void PutUpTo20(char* at, uint64_t value, int count) {
  for (; count >= 8; count -= 8) {
    PutEight(at + count - 8, value % 100000000);
    value /= 100000000;
  }
  const uint64_t digits = EightDigits(static_cast<uint32_t>(value));
  const auto put = [&](auto chunk, int place, int from) {
    chunk = static_cast<decltype(chunk)>(digits >> (8 * from));
    std::memcpy(at + place, &chunk, sizeof(chunk));
  };
  // The last `count` of the eight, in two pieces that may overlap.
  if (count >= 4) {
    put(uint32_t{}, 0, 8 - count);
    put(uint32_t{}, count - 4, 4);
  } else if (count >= 2) {
    put(uint16_t{}, 0, 8 - count);
    put(uint16_t{}, count - 2, 6);
  } else if (count == 1) {
    put(uint8_t{}, 0, 7);
  }
}

// The 19 digits of a number below 10^19, without a chain of divisions.
inline void Put19(char* at, uint64_t value) {
  constexpr uint64_t kTen16 = 10'000'000'000'000'000;
  const auto high = static_cast<uint32_t>(value / kTen16);
  const uint64_t low = value % kTen16;
  at[0] = static_cast<char>('0' + high / 100);
  at[1] = static_cast<char>('0' + high / 10 % 10);
  at[2] = static_cast<char>('0' + high % 10);
  PutEight(at + 3, low / 100000000);
  PutEight(at + 11, low % 100000000);
}

}  // namespace

char* PutDigits(char* at, uint64_t magnitude, int count) {
  PutUpTo20(at, magnitude, count);
  return at + count;
}

char* PutDigits(char* at, Uint128 magnitude, int count) {
  char* left = at + count;
  while ((magnitude >> 64) != 0) {
    const auto high = static_cast<uint64_t>(magnitude >> 64);
    uint64_t remainder = 0;
    const uint64_t low = DivideByTen19(high % kTen19, static_cast<uint64_t>(magnitude), &remainder);
    magnitude = (Uint128{high / kTen19} << 64) | low;
    left -= 19;
    Put19(left, remainder);
  }
  PutUpTo20(at, static_cast<uint64_t>(magnitude), static_cast<int>(left - at));
  return at + count;
}

char* PutDigits(char* at, const Uint256& magnitude, int count) {
  uint64_t limbs[4];
  std::memcpy(limbs, magnitude.limbs, sizeof(limbs));
  char* left = at + count;
  for (int top = 3; top > 0;) {
    if (limbs[top] == 0) {
      --top;
      continue;
    }
    uint64_t remainder = 0;
    for (int limb = top; limb >= 0; --limb) {
      if (remainder == 0 && limb == top) {
        remainder = limbs[limb] % kTen19;
        limbs[limb] /= kTen19;
      } else {
        limbs[limb] = DivideByTen19(remainder, limbs[limb], &remainder);
      }
    }
    left -= 19;
    Put19(left, remainder);
  }
  PutUpTo20(at, limbs[0], static_cast<int>(left - at));
  return at + count;
}

template <class Magnitude>
char* PutDecimalText(char* at, const SignedMagnitude<Magnitude>& value, bool zero, int digits,
                     int32_t scale) {
  if (value.negative) *at++ = '-';
  if (scale <= 0) {
    at = PutDigits(at, value.magnitude, digits);
    if (scale == 0 || zero) return at;
    const size_t zeros = static_cast<size_t>(-int64_t{scale});
    std::memset(at, '0', zeros);
    return at + zeros;
  }
  if (digits > scale) {
    char* end = PutDigits(at, value.magnitude, digits);
    char* point = end - scale;
    std::memmove(point + 1, point, static_cast<size_t>(scale));
    *point = '.';
    return end + 1;
  }
  const size_t zeros = static_cast<size_t>(scale - digits);
  *at++ = '0';
  *at++ = '.';
  std::memset(at, '0', zeros);
  return PutDigits(at + zeros, value.magnitude, digits);
}
template char* PutDecimalText(char*, const SignedMagnitude<uint64_t>&, bool, int, int32_t);
template char* PutDecimalText(char*, const SignedMagnitude<Uint128>&, bool, int, int32_t);
template char* PutDecimalText(char*, const SignedMagnitude<Uint256>&, bool, int, int32_t);

namespace {

bool AllDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// `digits` has no leading zeros.
std::optional<arrow::Decimal256> ParseMagnitude(std::string_view digits) {
  if (digits.size() > 76) return std::nullopt;
  arrow::Decimal256 value(0);
  while (!digits.empty()) {
    const std::string_view piece = digits.substr(0, 18);
    int64_t number = 0;
    for (char c : piece) number = number * 10 + (c - '0');
    value *= arrow::Decimal256(static_cast<int64_t>(kPowersOfTen64[piece.size()]));
    value += arrow::Decimal256(number);
    digits.remove_prefix(piece.size());
  }
  return value;
}

}  // namespace

std::optional<arrow::Decimal256> ParseDecimalText(std::string_view text, int32_t scale) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::string_view whole = text, fraction;
  if (scale > 0) {
    const auto places = static_cast<size_t>(scale);
    if (text.size() < places + 2 || text[text.size() - places - 1] != '.') return std::nullopt;
    whole = text.substr(0, text.size() - places - 1);
    fraction = text.substr(text.size() - places);
  }
  if (whole.empty() || !AllDigits(whole) || !AllDigits(fraction)) return std::nullopt;
  if (whole[0] == '0' && whole.size() > 1) return std::nullopt;
  if (scale < 0 && whole != "0") {
    const auto zeros = static_cast<size_t>(-int64_t{scale});
    if (whole.size() <= zeros) return std::nullopt;
    const std::string_view tail = whole.substr(whole.size() - zeros);
    if (tail.find_first_not_of('0') != std::string_view::npos) return std::nullopt;
    whole.remove_suffix(zeros);
  }
  std::string digits(whole);
  digits += fraction;
  digits.erase(0, digits.find_first_not_of('0'));
  auto value = ParseMagnitude(digits);
  if (!value || !negative) return value;
  if (*value == arrow::Decimal256(0)) return std::nullopt;
  return -*value;
}

}  // namespace ampload::encode
