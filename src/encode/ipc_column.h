// One column of one batch on its way into IPC streams of one row each: as column_writer.h, the two
// passes over blocks of rows, for a format whose nested values are columns again.
//
// In each row's record batch a column has, with its children behind it, nodes and buffers at the
// places that it took when it was made; what it holds there are `Elements`: for a column of the
// batch one a row, for a list's values as many as the row's list has.
#pragma once

#include <arrow/array/data.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "encode/column_writer.h"
#include "encode/ipc_message.h"

namespace ampload::encode {

// For each of `rows` rows of a block, the elements of a column that it holds: each the index of a
// value, or kNull for one that is null because of what is around it.
struct Elements {
  static constexpr int64_t kNull = -1;

  int64_t rows = 0;
  int64_t first = 0;  // without `index`: element e is value first + e
  const int64_t* index = nullptr;
  const int64_t* ends = nullptr;  // row k's elements end before ends[k]; without it: one a row

  int64_t begin(int64_t k) const { return ends == nullptr ? k : k == 0 ? 0 : ends[k - 1]; }
  int64_t end(int64_t k) const { return ends == nullptr ? k + 1 : ends[k]; }
  int64_t count() const { return rows == 0 ? 0 : end(rows - 1); }
  int64_t operator[](int64_t e) const { return index == nullptr ? first + e : index[e]; }
  // The row that element `e` is of.
  int64_t RowOf(int64_t e) const {
    int64_t k = 0;
    while (end(k) <= e) ++k;
    return k;
  }
};

// Where a row's next bytes go.
struct IpcRow {
  uint8_t* nodes;
  uint8_t* buffers;
  uint8_t* body;
  uint8_t* at;  // in the body, a multiple of 8 from its start

  void PutNode(int64_t node, int64_t length, int64_t nulls) {
    const int64_t numbers[2] = {length, nulls};
    std::memcpy(nodes + 16 * node, numbers, sizeof(numbers));
  }
  // Calls fill(at), which writes all `size` bytes.
  template <class Fill>
  void PutBuffer(int64_t buffer, int64_t size, Fill&& fill) {
    const int64_t numbers[2] = {at - body, size};
    std::memcpy(buffers + 16 * buffer, numbers, sizeof(numbers));
    if (size == 0) return;
    fill(at);
    std::memset(at + size, 0, static_cast<size_t>(Padded(size) - size));
    at += Padded(size);
  }
  static int64_t Padded(int64_t size) { return (size + 7) & ~int64_t{7}; }
};

class IpcColumn {
 public:
  virtual ~IpcColumn() = default;
  // Adds each row's bytes in the body, padding included, to sizes[k]. A refusal's position is the
  // row's in the block.
  virtual MaybeRefusal Size(const Elements& elements, int64_t* sizes) = 0;
  virtual void Write(const Elements& elements, IpcRow* rows) = 0;
};

// A column for `data`, whose buffers must outlive it; it takes its places in `shape`, which depend
// on the type alone. A null that comes from outside of it is marked as one where `nullable`.
std::unique_ptr<IpcColumn> MakeIpcColumn(const arrow::ArrayData& data, bool nullable,
                                         IpcShape* shape);

// The families behind it.
std::unique_ptr<IpcColumn> MakeIpcLeafColumn(const arrow::ArrayData& data, bool nullable,
                                             IpcShape* shape);
std::unique_ptr<IpcColumn> MakeIpcBytesColumn(const arrow::ArrayData& data, bool nullable,
                                              IpcShape* shape);
std::unique_ptr<IpcColumn> MakeIpcNestedColumn(const arrow::ArrayData& data, bool nullable,
                                               IpcShape* shape);
std::unique_ptr<IpcColumn> MakeIpcIndirectColumn(const arrow::ArrayData& data, bool nullable,
                                                 IpcShape* shape);

// What every column with values of its own begins with: its node and its null bitmap, which is left
// out of a row in which it has no nulls.
class IpcNode {
 public:
  IpcNode(const arrow::ArrayData& data, bool nullable, IpcShape* shape)
      : validity_(data), nullable_(nullable), node_(shape->nodes++), bitmap_(shape->buffers++) {}

  // Whether the element's slot is to be looked at.
  bool HasValue(int64_t value) const { return value != Elements::kNull && validity_(value); }
  bool may_have_nulls(const Elements& elements) const {
    return validity_.has_nulls() || elements.index != nullptr;
  }

  int64_t BitmapSize(const Elements& elements, int64_t k) const {
    return CountNulls(elements, k) == 0 ? 0 : IpcRow::Padded(Bytes(elements, k));
  }
  void Write(const Elements& elements, int64_t k, IpcRow& row) const {
    const int64_t nulls = CountNulls(elements, k);
    const int64_t begin = elements.begin(k), end = elements.end(k);
    row.PutNode(node_, end - begin, nulls);
    row.PutBuffer(bitmap_, nulls == 0 ? 0 : Bytes(elements, k), [&](uint8_t* at) {
      std::memset(at, 0, static_cast<size_t>(Bytes(elements, k)));
      for (int64_t e = begin; e < end; ++e) {
        if (!IsNull(elements[e])) arrow::bit_util::SetBit(at, e - begin);
      }
    });
  }

 private:
  bool IsNull(int64_t value) const {
    return value == Elements::kNull ? nullable_ : !validity_(value);
  }
  int64_t CountNulls(const Elements& elements, int64_t k) const {
    if (!may_have_nulls(elements)) return 0;
    int64_t nulls = 0;
    for (int64_t e = elements.begin(k); e < elements.end(k); ++e) nulls += IsNull(elements[e]);
    return nulls;
  }
  static int64_t Bytes(const Elements& elements, int64_t k) {
    return (elements.end(k) - elements.begin(k) + 7) / 8;
  }

  Validity validity_;
  bool nullable_;
  int64_t node_;
  int64_t bitmap_;
};

}  // namespace ampload::encode
