#include "encode/decimal_digits.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace ampload::encode {
namespace {

constexpr uint64_t kTen19 = 10'000'000'000'000'000'000ULL;

constexpr std::array<uint64_t, 20> MakePowers64() {
  std::array<uint64_t, 20> powers{1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr std::array<Uint128, 39> MakePowers128() {
  std::array<Uint128, 39> powers{1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr std::array<Uint256, 78> MakePowers256() {
  std::array<Uint256, 78> powers{Uint256{{1, 0, 0, 0}}};
  for (size_t i = 1; i < powers.size(); ++i) {
    Uint128 carry = 0;
    for (size_t limb = 0; limb < 4; ++limb) {
      carry += Uint128{powers[i - 1].limbs[limb]} * 10;
      powers[i].limbs[limb] = static_cast<uint64_t>(carry);
      carry >>= 64;
    }
  }
  return powers;
}
constexpr auto kPowers64 = MakePowers64();
constexpr auto kPowers128 = MakePowers128();
constexpr auto kPowers256 = MakePowers256();

constexpr std::array<char, 200> MakePairs() {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr auto kPairs = MakePairs();

int BitWidth(uint64_t value) { return 64 - std::countl_zero(value); }

// A number of `bits` bits has floor(bits * log10(2)) digits or one more.
int FewestDigits(int bits) { return (bits * 315653) >> 20; }

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

void PutEight(char* at, uint32_t value) {
  const uint32_t high = value / 10000, low = value % 10000;
  std::memcpy(at, &kPairs[2 * (high / 100)], 2);
  std::memcpy(at + 2, &kPairs[2 * (high % 100)], 2);
  std::memcpy(at + 4, &kPairs[2 * (low / 100)], 2);
  std::memcpy(at + 6, &kPairs[2 * (low % 100)], 2);
}

}  // namespace

int DigitCount(uint64_t magnitude) {
  magnitude |= 1;
  const int fewest = FewestDigits(BitWidth(magnitude));
  return fewest + (magnitude >= kPowers64[static_cast<size_t>(fewest)]);
}

int DigitCount(Uint128 magnitude) {
  const auto high = static_cast<uint64_t>(magnitude >> 64);
  if (high == 0) return DigitCount(static_cast<uint64_t>(magnitude));
  const int fewest = FewestDigits(64 + BitWidth(high));
  return fewest + (magnitude >= kPowers128[static_cast<size_t>(fewest)]);
}

int DigitCount(const Uint256& magnitude) {
  const uint64_t* limbs = magnitude.limbs;
  if ((limbs[2] | limbs[3]) == 0) return DigitCount((Uint128{limbs[1]} << 64) | limbs[0]);
  const int top = limbs[3] != 0 ? 3 : 2;
  const int fewest = FewestDigits(64 * top + BitWidth(limbs[top]));
  const uint64_t* power = kPowers256[static_cast<size_t>(fewest)].limbs;
  int limb = 3;
  while (limb > 0 && limbs[limb] == power[limb]) --limb;
  return fewest + (limbs[limb] >= power[limb]);
}

char* PutDigits(char* at, uint64_t magnitude, int count) {
  char* left = at + count;
  while (left - at >= 8) {
    left -= 8;
    PutEight(left, static_cast<uint32_t>(magnitude % 100000000));
    magnitude /= 100000000;
  }
  auto rest = static_cast<uint32_t>(magnitude);
  while (left - at >= 2) {
    left -= 2;
    std::memcpy(left, &kPairs[2 * (rest % 100)], 2);
    rest /= 100;
  }
  if (left > at) *at = static_cast<char>('0' + rest % 10);
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
    PutDigits(left, remainder, 19);
  }
  PutDigits(at, static_cast<uint64_t>(magnitude), static_cast<int>(left - at));
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
    PutDigits(left, remainder, 19);
  }
  PutDigits(at, limbs[0], static_cast<int>(left - at));
  return at + count;
}

SignedMagnitude<uint64_t> SplitSign(int64_t value) {
  const bool negative = value < 0;
  const auto bits = static_cast<uint64_t>(value);
  return {negative, negative ? 0 - bits : bits};
}

SignedMagnitude<Uint128> SplitSign128(const uint8_t* bytes) {
  Uint128 bits = 0;
  std::memcpy(&bits, bytes, sizeof(bits));
  const bool negative = (bits >> 127) != 0;
  return {negative, negative ? 0 - bits : bits};
}

SignedMagnitude<Uint256> SplitSign256(const uint8_t* bytes) {
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

int64_t DecimalTextSize(bool negative, bool zero, int digits, int32_t scale) {
  if (scale <= 0) return negative + digits - (zero ? 0 : int64_t{scale});
  return negative + std::max<int64_t>(digits, int64_t{scale} + 1) + 1;
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
    value *= arrow::Decimal256(static_cast<int64_t>(kPowers64[piece.size()]));
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
