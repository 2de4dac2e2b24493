// The list kinds into arrays of one dimension.
//
//   dimensions (0 where it is empty, else 1), whether there are nulls, the element's type; where
//   not empty: how many elements, the first one's index (1); the elements, each a field
#include <arrow/type.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "encode/list_elements.h"
#include "encode/pg/copy_column.h"
#include "encode/pg/copy_leaf.h"

namespace ampload::encode::pg {
namespace {

template <class Lists>
class CopyArray final : public ColumnWriter {
 public:
  CopyArray(const arrow::ArrayData& data, Lists lists, std::unique_ptr<ColumnWriter> child,
            uint32_t element_oid)
      : lists_(lists), validity_(data), child_(std::move(child)), element_oid_(element_oid) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    const Rows elements = lists_.Of(rows, validity_);
    scratch_.assign(static_cast<size_t>(elements.count), 0);
    if (MaybeRefusal refusal = child_->Size(elements, scratch_.data())) {
      refusal->position = lists_.RowOf(refusal->position, rows, validity_);
      refusal->path = "[]" + refusal->path;
      return refusal;
    }
    const int64_t* size = scratch_.data();
    MaybeRefusal refusal;
    ForEachRow(
        rows, validity_,
        [&](int64_t k, int64_t row) {
          const int64_t length = lists_.length(row);
          int64_t sum = HeaderSize(length);
          for (const int64_t* end = size + length; size < end; ++size) {
            kept_.push_back(static_cast<uint32_t>(*size));
            sum += *size;
          }
          if ((sum > kMaxValue || length > kMostElements) && !refusal) {
            refusal = Refusal{k, "array is larger than PostgreSQL's 1 GB",
                              "elements=" + std::to_string(length), ""};
          }
          sizes[k] += kLengthSize + sum;
        },
        [&](int64_t k) { sizes[k] += kLengthSize; });
    return refusal;
  }

  void Write(const Rows& rows, uint8_t** cursors) override {
    const Rows elements = lists_.Of(rows, validity_);
    cursors_.resize(static_cast<size_t>(elements.count));
    uint8_t** element = cursors_.data();
    const uint32_t* size = kept_.data() + written_;
    heads_.clear();
    ForEachRow(
        rows, validity_,
        [&](int64_t k, int64_t row) {
          const int64_t length = lists_.length(row);
          heads_.push_back({cursors[k], length});
          uint8_t* at = PutHeader(cursors[k], length);
          for (uint8_t** end = element + length; element < end; ++element) {
            *element = at;
            at += *size++;
          }
          PutLength(cursors[k], at - cursors[k] - kLengthSize);
          cursors[k] = at;
        },
        [&](int64_t k) { cursors[k] = PutLength(cursors[k], -1); });
    child_->Write(elements, cursors_.data());
    size = kept_.data() + written_;
    for (const auto& head : heads_) size = SetHasNulls(head, size);
    written_ += static_cast<size_t>(elements.count);
  }

 private:
  struct Head {
    uint8_t* at;
    int64_t length;
  };
  static constexpr int64_t kMostElements = 0x3fffffff / 8;  // the server keeps 8 bytes for each

  static int64_t HeaderSize(int64_t length) { return length == 0 ? 12 : 20; }

  uint8_t* PutHeader(uint8_t* at, int64_t length) const {
    at += kLengthSize;
    at = PutBig(at, int32_t{length > 0});
    at = PutBig(at, int32_t{0});
    at = PutBig(at, element_oid_);
    if (length == 0) return at;
    at = PutBig(at, static_cast<int32_t>(length));
    return PutBig(at, int32_t{1});
  }

  // By what was written: nulls may be anywhere below the child's wrappers. Returns the size behind.
  static const uint32_t* SetHasNulls(const Head& head, const uint32_t* size) {
    const uint8_t* at = head.at + kLengthSize + HeaderSize(head.length);
    bool any = false;
    for (const uint32_t* end = size + head.length; size < end; ++size) {
      any |= *size == kLengthSize && *at == 0xff;
      at += *size;
    }
    if (any) PutBig(head.at + 2 * kLengthSize, int32_t{1});
    return size;
  }

  ListElements<Lists> lists_;
  Validity validity_;
  std::unique_ptr<ColumnWriter> child_;
  uint32_t element_oid_;
  std::vector<uint32_t> kept_;  // sizes of all elements of the batch, in order
  size_t written_ = 0;          // how many of them Write has used
  std::vector<int64_t> scratch_;
  std::vector<uint8_t*> cursors_;
  std::vector<Head> heads_;
};

}  // namespace

std::unique_ptr<ColumnWriter> MakeCopyArray(const arrow::ArrayData& data, const PgType& type,
                                            const Losses& losses) {
  const PgType& element = *type.element;
  const auto make = [&]<class Lists>(Lists lists) -> std::unique_ptr<ColumnWriter> {
    return std::make_unique<CopyArray<Lists>>(
        data, lists, MakeCopyColumn(*data.child_data[0], element, losses), element.oid);
  };
  switch (data.type->id()) {
    case arrow::Type::LIST:
      return make(OffsetLists<int32_t>{data.GetValues<int32_t>(1)});
    case arrow::Type::LARGE_LIST:
      return make(OffsetLists<int64_t>{data.GetValues<int64_t>(1)});
    case arrow::Type::LIST_VIEW:
      return make(ViewLists<int32_t>{data.GetValues<int32_t>(1), data.GetValues<int32_t>(2)});
    case arrow::Type::LARGE_LIST_VIEW:
      return make(ViewLists<int64_t>{data.GetValues<int64_t>(1), data.GetValues<int64_t>(2)});
    default: {
      const auto& list = static_cast<const arrow::FixedSizeListType&>(*data.type);
      return make(FixedLists{list.list_size(), data.offset});
    }
  }
}

}  // namespace ampload::encode::pg
