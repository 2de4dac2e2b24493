// Where the elements of a row of a list column are: [begin(row), begin(row) + length(row)) of its
// values.
#pragma once

#include <cstdint>

namespace ampload::encode {

template <class Offset>
struct OffsetLists {
  static constexpr bool kAdjacent = true;  // each row's elements follow those of the row before
  const Offset* offsets;
  int64_t begin(int64_t row) const { return offsets[row]; }
  int64_t length(int64_t row) const { return int64_t{offsets[row + 1]} - offsets[row]; }
};

template <class Offset>
struct ViewLists {
  static constexpr bool kAdjacent = false;
  const Offset* offsets;
  const Offset* sizes;
  int64_t begin(int64_t row) const { return offsets[row]; }
  int64_t length(int64_t row) const { return sizes[row]; }
};

struct FixedLists {
  static constexpr bool kAdjacent = true;
  int64_t list_size;
  int64_t offset;
  int64_t begin(int64_t row) const { return (offset + row) * list_size; }
  int64_t length(int64_t) const { return list_size; }
};

}  // namespace ampload::encode
