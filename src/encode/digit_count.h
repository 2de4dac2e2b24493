// How many decimal digits a magnitude of 64, 128 or 256 bits has.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace ampload::encode {

__extension__ using Uint128 = unsigned __int128;

struct Uint256 {
  uint64_t limbs[4];  // least first
};

// kPowersOfTen...[n] is 10^n, as far as the width reaches.
inline constexpr auto kPowersOfTen64 = [] {
  std::array<uint64_t, 20> powers{1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();
inline constexpr auto kPowersOfTen128 = [] {
  std::array<Uint128, 39> powers{1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();
inline constexpr auto kPowersOfTen256 = [] {
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
}();

// A number of `bits` bits has floor(bits * log10(2)) digits or one more.
constexpr int FewestDigits(int bits) { return (bits * 315653) >> 20; }
inline int BitCount(uint64_t value) { return 64 - std::countl_zero(value); }

// Zero has one digit.
inline int DigitCount(uint64_t magnitude) {
  magnitude |= 1;
  const int fewest = FewestDigits(BitCount(magnitude));
  return fewest + (magnitude >= kPowersOfTen64[static_cast<size_t>(fewest)]);
}

inline int DigitCount(Uint128 magnitude) {
  const auto high = static_cast<uint64_t>(magnitude >> 64);
  if (high == 0) return DigitCount(static_cast<uint64_t>(magnitude));
  const int fewest = FewestDigits(64 + BitCount(high));
  return fewest + (magnitude >= kPowersOfTen128[static_cast<size_t>(fewest)]);
}

inline int DigitCount(const Uint256& magnitude) {
  const uint64_t* limbs = magnitude.limbs;
  if ((limbs[2] | limbs[3]) == 0) return DigitCount((Uint128{limbs[1]} << 64) | limbs[0]);
  const int top = limbs[3] != 0 ? 3 : 2;
  const int fewest = FewestDigits(64 * top + BitCount(limbs[top]));
  const uint64_t* power = kPowersOfTen256[static_cast<size_t>(fewest)].limbs;
  int limb = 3;
  while (limb > 0 && limbs[limb] == power[limb]) --limb;
  return fewest + (limbs[limb] >= power[limb]);
}

}  // namespace ampload::encode
