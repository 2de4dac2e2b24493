// dictionary and run_end_encoded: written as the values that they stand for.
#include <arrow/type.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "encode/column_writer.h"
#include "encode/every_format.h"
#include "encode/picked_rows.h"

namespace ampload::encode {
namespace {

template <class Format, class Index>
class DictionaryColumn final : public ColumnWriter {
 public:
  DictionaryColumn(const arrow::ArrayData& data, KeyPrefix prefix)
      : indices_(data.GetValues<Index>(1)),
        validity_(data),
        null_(prefix),
        length_(data.dictionary->length),
        values_(MakeColumnWriter<Format>(*data.dictionary, std::move(prefix))) {}

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
  typename Format::Null null_;
  int64_t length_;
  std::unique_ptr<ColumnWriter> values_;
  PickedRows picked_;
};

// Each row is one of the values, so they share sizes and cursors.
template <class Format, class RunEnd>
class RunEndColumn final : public ColumnWriter {
 public:
  RunEndColumn(const arrow::ArrayData& data, KeyPrefix prefix)
      : ends_(data.child_data[0]->GetValues<RunEnd>(1)),
        runs_(data.child_data[0]->length),
        offset_(data.offset),
        values_(MakeColumnWriter<Format>(*data.child_data[1], std::move(prefix))) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    return values_->Size(Runs(rows), sizes);
  }
  void Write(const Rows& rows, uint8_t** cursors) override { values_->Write(Runs(rows), cursors); }

 private:
  Rows Runs(const Rows& rows) {
    index_.resize(static_cast<size_t>(rows.count));
    int64_t run = 0;
    int64_t previous = -1;
    for (int64_t k = 0; k < rows.count; ++k) {
      const int64_t row = offset_ + rows[k];
      if (row != previous + 1 || k == 0) {
        run = std::upper_bound(ends_, ends_ + runs_, row) - ends_;
      } else if (row >= int64_t{ends_[run]}) {
        ++run;
      }
      previous = row;
      index_[static_cast<size_t>(k)] = run;
    }
    return {0, rows.count, index_.data()};
  }

  const RunEnd* ends_;
  int64_t runs_;
  int64_t offset_;
  std::unique_ptr<ColumnWriter> values_;
  std::vector<int64_t> index_;
};

}  // namespace

template <class Format>
std::unique_ptr<ColumnWriter> MakeDictionaryColumn(const arrow::ArrayData& data, KeyPrefix prefix) {
  const auto make = [&]<class T>(T) -> std::unique_ptr<ColumnWriter> {
    return std::make_unique<DictionaryColumn<Format, T>>(data, std::move(prefix));
  };
  switch (static_cast<const arrow::DictionaryType&>(*data.type).index_type()->id()) {
    case arrow::Type::INT8:
      return make(int8_t{});
    case arrow::Type::INT16:
      return make(int16_t{});
    case arrow::Type::INT32:
      return make(int32_t{});
    case arrow::Type::INT64:
      return make(int64_t{});
    case arrow::Type::UINT8:
      return make(uint8_t{});
    case arrow::Type::UINT16:
      return make(uint16_t{});
    case arrow::Type::UINT32:
      return make(uint32_t{});
    default:
      return make(uint64_t{});
  }
}

template <class Format>
std::unique_ptr<ColumnWriter> MakeRunEndColumn(const arrow::ArrayData& data, KeyPrefix prefix) {
  const auto& type = static_cast<const arrow::RunEndEncodedType&>(*data.type);
  switch (type.run_end_type()->id()) {
    case arrow::Type::INT16:
      return std::make_unique<RunEndColumn<Format, int16_t>>(data, std::move(prefix));
    case arrow::Type::INT32:
      return std::make_unique<RunEndColumn<Format, int32_t>>(data, std::move(prefix));
    default:
      return std::make_unique<RunEndColumn<Format, int64_t>>(data, std::move(prefix));
  }
}

AMPLOAD_FOR_EVERY_FORMAT(MakeDictionaryColumn)
AMPLOAD_FOR_EVERY_FORMAT(MakeRunEndColumn)

}  // namespace ampload::encode
