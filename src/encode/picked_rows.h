// The part of a block that a nested column hands on to its child: which of the child's rows, and
// where in the block each came from. Reused from block to block, so it allocates only while it
// grows.
#pragma once

#include <cstdint>
#include <vector>

#include "encode/column_writer.h"

namespace ampload::encode {

class PickedRows {
 public:
  void Clear() {
    index_.clear();
    positions_.clear();
  }
  // Row `row` of the child, for position k of the block.
  void Add(int64_t k, int64_t row) {
    positions_.push_back(k);
    index_.push_back(row);
  }
  const std::vector<int64_t>& positions() const { return positions_; }
  Rows rows() const { return {0, static_cast<int64_t>(index_.size()), index_.data()}; }

  // The child's passes over them. A refusal comes back with the block's position.
  MaybeRefusal Size(ColumnWriter& child, int64_t* sizes) {
    child_sizes_.assign(index_.size(), 0);
    MaybeRefusal refusal = child.Size(rows(), child_sizes_.data());
    if (refusal) {
      refusal->position = positions_[static_cast<size_t>(refusal->position)];
      return refusal;
    }
    for (size_t i = 0; i < index_.size(); ++i) sizes[positions_[i]] += child_sizes_[i];
    return std::nullopt;
  }
  void Write(ColumnWriter& child, uint8_t** cursors) {
    child_cursors_.resize(index_.size());
    for (size_t i = 0; i < index_.size(); ++i) child_cursors_[i] = cursors[positions_[i]];
    child.Write(rows(), child_cursors_.data());
    for (size_t i = 0; i < index_.size(); ++i) cursors[positions_[i]] = child_cursors_[i];
  }

 private:
  std::vector<int64_t> index_;
  std::vector<int64_t> positions_;
  std::vector<int64_t> child_sizes_;
  std::vector<uint8_t*> child_cursors_;
};

}  // namespace ampload::encode
