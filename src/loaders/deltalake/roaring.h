// Roaring bitmaps in the portable format, as deletion vectors hold them
// (github.com/RoaringBitmap/RoaringFormatSpec). Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ampload/status.h"

namespace ampload::deltalake {

// The values of a 64-bit bitmap, ascending: a number of buckets, each a key (the high 32 bits) and
// a 32-bit bitmap. A permanent failure for damage; nothing is read beyond `bytes`.
Result<std::vector<int64_t>> ValuesOfBitmap(std::string_view bytes);

// The same of Delta's older form: a number of bitmaps, big-endian, and for each its size,
// big-endian, and the 32-bit bitmap; the first one's values have 0 as their high bits, the next
// one's 1 ...
Result<std::vector<int64_t>> ValuesOfBitmapList(std::string_view bytes);

}  // namespace ampload::deltalake
