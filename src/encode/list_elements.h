// The elements of a block's rows of a list column: a block of the child's own.
#pragma once

#include <cstdint>
#include <vector>

#include "encode/column_writer.h"
#include "encode/list_layout.h"

namespace ampload::encode {

// `Lists` is one of list_layout.h. What Of returns is good until its next call.
template <class Lists>
class ListElements : public Lists {
 public:
  explicit ListElements(Lists lists) : Lists(lists) {}

  // The elements of the rows that are not null, in row order.
  Rows Of(const Rows& rows, const Validity& validity) {
    if (rows.count == 0) return {};
    if (Lists::kAdjacent && rows.index == nullptr && !validity.has_nulls()) {
      const int64_t begin = Lists::begin(rows.first);
      const int64_t last = rows.first + rows.count - 1;
      return {begin, Lists::begin(last) + Lists::length(last) - begin, nullptr};
    }
    index_.clear();
    ForEachRow(
        rows, validity,
        [&](int64_t, int64_t row) {
          const int64_t begin = Lists::begin(row);
          for (int64_t i = 0; i < Lists::length(row); ++i) index_.push_back(begin + i);
        },
        [](int64_t) {});
    return {0, static_cast<int64_t>(index_.size()), index_.data()};
  }

  // The position in `rows` that this one of their elements belongs to.
  int64_t RowOf(int64_t element, const Rows& rows, const Validity& validity) const {
    int64_t k = 0;
    for (int64_t seen = 0;; ++k) {
      if (validity(rows[k])) seen += Lists::length(rows[k]);
      if (seen > element) return k;
    }
  }

 private:
  std::vector<int64_t> index_;
};

}  // namespace ampload::encode
