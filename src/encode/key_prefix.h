// The bytes in front of every value of a column: its key, encoded once and copied with each value.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ampload::encode {

// memcpy for the few bytes of keys and hashes: two copies that may overlap, no call. Writes exactly
// `size` bytes.
[[gnu::always_inline]] inline void CopyShort(uint8_t* to, const uint8_t* from, size_t size) {
  const auto two = [&](auto chunk) {
    decltype(chunk) head, tail;
    std::memcpy(&head, from, sizeof(chunk));
    std::memcpy(&tail, from + size - sizeof(chunk), sizeof(chunk));
    std::memcpy(to, &head, sizeof(chunk));
    std::memcpy(to + size - sizeof(chunk), &tail, sizeof(chunk));
  };
  struct Sixteen {
    uint64_t low, high;
  };
  if (size > 32) {
    std::memcpy(to, from, size);
  } else if (size >= 16) {
    two(Sixteen{});
  } else if (size >= 8) {
    two(uint64_t{});
  } else if (size >= 4) {
    two(uint32_t{});
  } else if (size >= 2) {
    two(uint16_t{});
  } else if (size == 1) {
    *to = *from;
  }
}

class KeyPrefix {
 public:
  KeyPrefix() = default;
  explicit KeyPrefix(std::string bytes) : bytes_(std::move(bytes)) {}

  // This prefix, followed by bytes that every value of a column begins with.
  KeyPrefix With(std::string_view tail) const { return KeyPrefix(bytes_ + std::string(tail)); }

  int64_t size() const { return static_cast<int64_t>(bytes_.size()); }

  // A copy to hold in registers across a loop.
  struct View {
    const uint8_t* data;
    size_t size;
    uint8_t* Put(uint8_t* at) const {
      CopyShort(at, data, size);
      return at + size;
    }
  };
  View view() const { return {reinterpret_cast<const uint8_t*>(bytes_.data()), bytes_.size()}; }

 private:
  std::string bytes_;
};

}  // namespace ampload::encode
