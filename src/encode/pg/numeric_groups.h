// A number in the form of PostgreSQL's numeric: groups of four digits, cut at the decimal point.
//
//   12345.6   =  0001 2345 . 6000       groups 1, 2345, 6000   top weight 1, low weight -1
//
// Taken from the limbs of the magnitude, sixteen digits a division, never through text.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "encode/digit_count.h"

namespace ampload::encode::pg {

// `scale` digits are behind the point (before it, where negative): how far a number has to be moved
// to the left so that its groups end at a multiple of four, and what the last group then weighs.
struct GroupAlignment {
  explicit GroupAlignment(int32_t scale) {
    const int32_t exponent = -scale;
    weight = exponent >= 0 ? exponent / 4 : -((3 - exponent) / 4);
    digits = exponent - 4 * weight;
  }

  int32_t weight;  // of the group that holds the unscaled number's last digit
  int32_t digits;  // 0 to 3
};

inline constexpr uint64_t kTen16 = 10'000'000'000'000'000;

// `high` * 2^64 + `low` divided by 10^16, for high < 10^16: Moeller and Granlund, "Improved
// division by invariant integers", algorithm 4, which wants the divisor's top bit set.
[[gnu::always_inline]] inline uint64_t DivideByTen16(uint64_t high, uint64_t low,
                                                     uint64_t* remainder) {
  constexpr int kShift = std::countl_zero(kTen16);
  constexpr uint64_t kDivisor = kTen16 << kShift;
  constexpr auto kReciprocal = static_cast<uint64_t>(~Uint128{0} / kDivisor - (Uint128{1} << 64));
  high = (high << kShift) | (low >> (64 - kShift));
  low <<= kShift;
  const Uint128 product = Uint128{kReciprocal} * high + ((Uint128{high} << 64) | low);
  uint64_t quotient = static_cast<uint64_t>(product >> 64) + 1;
  uint64_t rest = low - quotient * kDivisor;
  if (rest > static_cast<uint64_t>(product)) {
    --quotient;
    rest += kDivisor;
  }
  if (rest >= kDivisor) {
    ++quotient;
    rest -= kDivisor;
  }
  *remainder = rest >> kShift;
  return quotient;
}

// The groups of a magnitude of kLimbs 64-bit limbs, least first; zero groups in front and behind
// are left out.
template <int kLimbs>
class NumericGroups {
 public:
  [[gnu::always_inline]] NumericGroups(const uint64_t* magnitude, GroupAlignment alignment) {
    uint64_t limbs[kLimbs + 1];
    Shift(magnitude, alignment.digits, limbs);
    int top = kLimbs;
    while (top > 0 && limbs[top] == 0) --top;
    int chunk = kChunks;
    while (top > 0 || limbs[0] >= kTen16) {
      uint64_t remainder = limbs[top] % kTen16;
      limbs[top] /= kTen16;
      for (int limb = top - 1; limb >= 0; --limb) {
        limbs[limb] = DivideByTen16(remainder, limbs[limb], &remainder);
      }
      lanes_[--chunk] = Lanes(remainder);
      if (top > 0 && limbs[top] == 0) --top;
    }
    lanes_[--chunk] = Lanes(limbs[0]);
    int last = kChunks - 1;
    while (last > chunk && lanes_[last] == 0) --last;
    if (lanes_[last] == 0) return;
    const int before = std::countl_zero(lanes_[chunk]) / 16;
    const int behind = std::countr_zero(lanes_[last]) / 16;
    first_ = 4 * chunk + before;
    count_ = 4 * (last + 1) - behind - first_;
    top_weight_ = 4 * kChunks - first_ - 1 + alignment.weight;
  }

  bool zero() const { return count_ == 0; }
  int count() const { return count_; }
  int top_weight() const { return top_weight_; }  // of the first group, a power of 10000
  int low_weight() const { return top_weight_ - count_ + 1; }
  uint32_t group(int i) const {
    const int place = first_ + i;
    return static_cast<uint32_t>(lanes_[place / 4] >> (48 - 16 * (place % 4))) & 0xffff;
  }

  // The number is below 10^digits_above() and a multiple of 10^zeros_below(). Not of zero.
  int digits_above() const {
    const uint32_t top = group(0);
    return 4 * top_weight_ + 1 + (top >= 10) + (top >= 100) + (top >= 1000);
  }
  int zeros_below() const {
    const uint32_t low = group(count_ - 1);
    return 4 * low_weight() + (low % 10 == 0) + (low % 100 == 0) + (low % 1000 == 0);
  }

  // Writes the groups as they go over the wire, all chunks whole: up to kFront bytes in front of
  // `at` and up to kMostBytes from it on are written over.
  static constexpr int kChunks = kLimbs == 1 ? 2 : kLimbs == 2 ? 3 : 5;
  static constexpr int kMostBytes = 8 * kChunks;
  static constexpr int kFront = 6;
  void Put(uint8_t* at) const {
    at -= 2 * (first_ % 4);
    for (int chunk = first_ / 4; chunk < kChunks; ++chunk, at += 8) {
      const uint64_t big = __builtin_bswap64(lanes_[chunk]);
      std::memcpy(at, &big, sizeof(big));
    }
  }

 private:
  // Times 10^digits.
  static void Shift(const uint64_t* from, int digits, uint64_t* to) {
    constexpr uint64_t kFactors[] = {1, 10, 100, 1000};
    const uint64_t factor = kFactors[digits];
    Uint128 carry = 0;
    for (int limb = 0; limb < kLimbs; ++limb) {
      carry += Uint128{from[limb]} * factor;
      to[limb] = static_cast<uint64_t>(carry);
      carry >>= 64;
    }
    to[kLimbs] = static_cast<uint64_t>(carry);
  }

  // Four groups of a number below 10^16, the first in the highest bits.
  static uint64_t Lanes(uint64_t value) {
    const auto high = static_cast<uint32_t>(value / 100000000);
    const auto low = static_cast<uint32_t>(value % 100000000);
    return uint64_t{high / 10000} << 48 | uint64_t{high % 10000} << 32 |
           uint64_t{low / 10000} << 16 | uint64_t{low % 10000};
  }

  uint64_t lanes_[kChunks];  // those before the first group's are not set
  int first_ = 4 * kChunks;
  int count_ = 0;
  int top_weight_ = 0;
};

}  // namespace ampload::encode::pg
