// Integers as bytes that sort as their values do: unsigned as it is, signed with the sign bit
// flipped.
#pragma once

#include <cstddef>
#include <type_traits>

namespace ampload::encode {

template <class T>
void PutBigEndian(T value, char* out) {
  using U = std::make_unsigned_t<T>;
  auto bits = static_cast<U>(value);
  if constexpr (std::is_signed_v<T>) bits = static_cast<U>(bits ^ (U{1} << (sizeof(U) * 8 - 1)));
  for (size_t i = sizeof(U); i-- > 0;) {
    out[i] = static_cast<char>(bits & 0xff);
    if constexpr (sizeof(U) > 1) bits = static_cast<U>(bits >> 8);
  }
}

}  // namespace ampload::encode
