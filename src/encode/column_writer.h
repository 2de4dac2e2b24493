// One column of one batch on its way into rows: the parts that the two passes share.
//
//   Size   rows of a block ─▶ adds each value's encoded size to sizes[k], refuses what cannot be
//                             encoded
//   Write  the same rows   ─▶ puts each value at cursors[k] and moves the cursor behind it
//
// The virtual call is one a block and column, never one a value. A writer belongs to one thread and
// one batch, and Write must see the rows of Size once, in the same order (the blocks may be cut
// elsewhere): nested writers keep the sizes of their elements in between.
#pragma once

#include <arrow/array/data.h>
#include <arrow/util/bit_util.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "encode/key_prefix.h"

namespace ampload::encode {

// `count` rows of a column, counted from its (sliced) start: first, first + 1 ..., or those listed
// in `index`.
struct Rows {
  int64_t first = 0;
  int64_t count = 0;
  const int64_t* index = nullptr;

  int64_t operator[](int64_t k) const { return index == nullptr ? first + k : index[k]; }
};

// Why the value at rows[position] cannot be encoded.
struct Refusal {
  int64_t position = 0;
  std::string what;   // "date is not in the years 0000 to 9999"
  std::string value;  // "value=2932897", may be empty
  std::string path;   // of a nested value, below the column: ".item[].price"
};
using MaybeRefusal = std::optional<Refusal>;

class ColumnWriter {
 public:
  virtual ~ColumnWriter() = default;
  // After a refusal the writer is spent. Of several it is the one with the lowest position.
  virtual MaybeRefusal Size(const Rows& rows, int64_t* sizes) = 0;
  virtual void Write(const Rows& rows, uint8_t** cursors) = 0;
};

// A writer for `data`, whose buffers must outlive it; `prefix` goes in front of every value. The
// type has passed CheckEncodable.
template <class Format>
std::unique_ptr<ColumnWriter> MakeColumnWriter(const arrow::ArrayData& data, KeyPrefix prefix);

// The families behind it, each made for every format in its own file (AMPLOAD_FOR_EVERY_FORMAT).
template <class Format>
std::unique_ptr<ColumnWriter> MakeScalarColumn(const arrow::ArrayData& data, KeyPrefix prefix);
template <class Format>
std::unique_ptr<ColumnWriter> MakeIntegerColumn(const arrow::ArrayData& data, KeyPrefix prefix);
template <class Format>
std::unique_ptr<ColumnWriter> MakeDecimalColumn(const arrow::ArrayData& data, KeyPrefix prefix);
template <class Format>
std::unique_ptr<ColumnWriter> MakeTemporalColumn(const arrow::ArrayData& data, KeyPrefix prefix);
template <class Format>
std::unique_ptr<ColumnWriter> MakeSpanColumn(const arrow::ArrayData& data, KeyPrefix prefix);
template <class Format>
std::unique_ptr<ColumnWriter> MakeBytesColumn(const arrow::ArrayData& data, KeyPrefix prefix);
template <class Format>
std::unique_ptr<ColumnWriter> MakeStructColumn(const arrow::ArrayData& data, KeyPrefix prefix);
template <class Format>
std::unique_ptr<ColumnWriter> MakeListColumn(const arrow::ArrayData& data, KeyPrefix prefix);
template <class Format>
std::unique_ptr<ColumnWriter> MakeDictionaryColumn(const arrow::ArrayData& data, KeyPrefix prefix);
template <class Format>
std::unique_ptr<ColumnWriter> MakeRunEndColumn(const arrow::ArrayData& data, KeyPrefix prefix);

// The null bitmap of an array, or the knowledge that it has no nulls.
struct Validity {
  explicit Validity(const arrow::ArrayData& data)
      : bits(data.GetNullCount() > 0 && data.buffers[0] != nullptr ? data.buffers[0]->data()
                                                                   : nullptr),
        offset(data.offset) {}
  bool has_nulls() const { return bits != nullptr; }
  bool operator()(int64_t row) const {
    return bits == nullptr || arrow::bit_util::GetBit(bits, offset + row);
  }

  const uint8_t* bits;
  int64_t offset;
};

// Calls on_value(k, row) or on_null(k) for every row; the four loops are apart so that the usual
// one (consecutive rows, no nulls) is tight.
template <class OnValue, class OnNull>
inline void ForEachRow(const Rows& rows, const Validity& validity, OnValue&& on_value,
                       OnNull&& on_null) {
  const int64_t count = rows.count;
  const int64_t first = rows.first;
  const int64_t* index = rows.index;
  if (index == nullptr && !validity.has_nulls()) {
    for (int64_t k = 0; k < count; ++k) on_value(k, first + k);
  } else if (index == nullptr) {
    for (int64_t k = 0; k < count; ++k) validity(first + k) ? on_value(k, first + k) : on_null(k);
  } else if (!validity.has_nulls()) {
    for (int64_t k = 0; k < count; ++k) on_value(k, index[k]);
  } else {
    for (int64_t k = 0; k < count; ++k) validity(index[k]) ? on_value(k, index[k]) : on_null(k);
  }
}

}  // namespace ampload::encode
