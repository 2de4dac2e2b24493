#include "encode/indirect_column.h"

#include "encode/every_format.h"

namespace ampload::encode {
namespace {

// Each row is one of the values, so they share sizes and cursors.
template <class RunEnd>
class RunEndColumn final : public ColumnWriter {
 public:
  RunEndColumn(const arrow::ArrayData& data, std::unique_ptr<ColumnWriter> values)
      : ends_(data.child_data[0]->GetValues<RunEnd>(1)),
        runs_(data.child_data[0]->length),
        offset_(data.offset),
        values_(std::move(values)) {}

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

std::unique_ptr<ColumnWriter> MakeRunEndOver(const arrow::ArrayData& data,
                                             std::unique_ptr<ColumnWriter> values) {
  const auto& type = static_cast<const arrow::RunEndEncodedType&>(*data.type);
  switch (type.run_end_type()->id()) {
    case arrow::Type::INT16:
      return std::make_unique<RunEndColumn<int16_t>>(data, std::move(values));
    case arrow::Type::INT32:
      return std::make_unique<RunEndColumn<int32_t>>(data, std::move(values));
    default:
      return std::make_unique<RunEndColumn<int64_t>>(data, std::move(values));
  }
}

template <class Format>
std::unique_ptr<ColumnWriter> MakeDictionaryColumn(const arrow::ArrayData& data, KeyPrefix prefix) {
  const typename Format::Null null(prefix);
  return MakeDictionaryOver(data, null,
                            MakeColumnWriter<Format>(*data.dictionary, std::move(prefix)));
}

template <class Format>
std::unique_ptr<ColumnWriter> MakeRunEndColumn(const arrow::ArrayData& data, KeyPrefix prefix) {
  return MakeRunEndOver(data, MakeColumnWriter<Format>(*data.child_data[1], std::move(prefix)));
}

AMPLOAD_FOR_EVERY_FORMAT(MakeDictionaryColumn)
AMPLOAD_FOR_EVERY_FORMAT(MakeRunEndColumn)

}  // namespace ampload::encode
