// Numbers that look random and are the same on every machine (splitmix64; the standard library's
// distributions differ between implementations).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace ampload::conformance {

class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }

  // 0 .. bound - 1. The small bias of the remainder does not matter here.
  uint64_t Below(uint64_t bound) { return Next() % bound; }

  // first .. last, both included.
  uint64_t Between(uint64_t first, uint64_t last) { return first + Below(last - first + 1); }

  bool OneIn(uint64_t n) { return Below(n) == 0; }

  template <size_t N>
  std::array<uint8_t, N> Bytes() {
    std::array<uint8_t, N> out;
    Fill(out.data(), N);
    return out;
  }

  std::string String(size_t length) {
    std::string out(length, '\0');
    Fill(reinterpret_cast<uint8_t*>(out.data()), length);
    return out;
  }

 private:
  void Fill(uint8_t* out, size_t length) {
    uint64_t word = 0;
    for (size_t i = 0; i < length; ++i, word >>= 8) {
      if (i % 8 == 0) word = Next();
      out[i] = static_cast<uint8_t>(word);
    }
  }

  uint64_t state_;
};

}  // namespace ampload::conformance
