// Whether the rows of a string column are UTF-8, a block at a time.
#pragma once

#include <arrow/util/utf8.h>

#include "encode/bytes_layout.h"
#include "encode/leaf_column.h"

namespace ampload::encode {

// Rows of consecutive offsets at once: all their bytes are UTF-8 and no row begins inside a
// character. False says nothing about a single row yet.
template <class Layout>
bool IsUtf8AsAWhole(const Layout&, const Rows&, const Validity&) {
  return false;
}
template <class Offset>
bool IsUtf8AsAWhole(const OffsetLayout<Offset>& layout, const Rows& rows,
                    const Validity& validity) {
  if (rows.index != nullptr || validity.has_nulls() || rows.count == 0) return false;
  const Offset begin = layout.offsets[rows.first];
  const Offset end = layout.offsets[rows.first + rows.count];
  if (begin == end) return true;
  bool starts = true;
  for (int64_t row = rows.first; row < rows.first + rows.count; ++row) {
    const Offset offset = layout.offsets[row];
    starts &= offset == end || (layout.bytes[offset] & 0xc0) != 0x80;
  }
  return starts && arrow::util::ValidateUTF8(layout.bytes + begin, end - begin);
}

// The position of the first row that is not UTF-8; rows.count where all are.
template <class Layout>
int64_t FindNotUtf8(const Layout& layout, const Rows& rows, const Validity& validity) {
  if (IsUtf8AsAWhole(layout, rows, validity)) return rows.count;
  return FindRefused(rows, validity, [&](int64_t row) {
    return arrow::util::ValidateUTF8(layout.at(row), layout.length(row));
  });
}

}  // namespace ampload::encode
