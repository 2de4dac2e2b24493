// dictionary and run_end_encoded: written as the values that they stand for, whatever writes those.
//
//   Null    what stands for a null index: size(), view().Put
#pragma once

#include <arrow/type.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "encode/by_integer_type.h"
#include "encode/column_writer.h"
#include "encode/picked_rows.h"

namespace ampload::encode {

template <class Null, class Index>
class DictionaryColumn final : public ColumnWriter {
 public:
  DictionaryColumn(const arrow::ArrayData& data, Null null, std::unique_ptr<ColumnWriter> values)
      : indices_(data.GetValues<Index>(1)),
        validity_(data),
        null_(std::move(null)),
        length_(data.dictionary->length),
        values_(std::move(values)) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    MaybeRefusal refusal;
    picked_.Clear();
    ForEachRow(
        rows, validity_,
        [&](int64_t k, int64_t row) {
          const Index index = indices_[row];
          if (std::cmp_greater_equal(index, 0) && std::cmp_less(index, length_)) {
            picked_.Add(k, static_cast<int64_t>(index));
          } else if (!refusal) {
            refusal = Refusal{k, "index is outside the dictionary",
                              "index=" + std::to_string(indices_[row]), ""};
          }
        },
        [&](int64_t k) { sizes[k] += null_.size(); });
    if (refusal) return refusal;
    return picked_.Size(*values_, sizes);
  }

  void Write(const Rows& rows, uint8_t** cursors) override {
    const auto null = null_.view();
    picked_.Clear();
    ForEachRow(
        rows, validity_,
        [&](int64_t k, int64_t row) { picked_.Add(k, static_cast<int64_t>(indices_[row])); },
        [&](int64_t k) { cursors[k] = null.Put(cursors[k]); });
    picked_.Write(*values_, cursors);
  }

 private:
  const Index* indices_;
  Validity validity_;
  Null null_;
  int64_t length_;
  std::unique_ptr<ColumnWriter> values_;
  PickedRows picked_;
};

// `values` writes data.dictionary.
template <class Null>
std::unique_ptr<ColumnWriter> MakeDictionaryOver(const arrow::ArrayData& data, Null null,
                                                 std::unique_ptr<ColumnWriter> values) {
  const auto make = [&]<class T>(T) -> std::unique_ptr<ColumnWriter> {
    return std::make_unique<DictionaryColumn<Null, T>>(data, std::move(null), std::move(values));
  };
  return ByIntegerType(static_cast<const arrow::DictionaryType&>(*data.type).index_type()->id(),
                       make);
}

// `values` writes data.child_data[1].
std::unique_ptr<ColumnWriter> MakeRunEndOver(const arrow::ArrayData& data,
                                             std::unique_ptr<ColumnWriter> values);

}  // namespace ampload::encode
