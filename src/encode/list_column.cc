// The list kinds: an array of the values; map: what the format makes of the pairs.
//
// The elements of a block's rows are a block of the child's own. Their sizes, found by Size, are
// kept: Write needs them to know where in its row each element begins.
#include <arrow/type.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "encode/column_writer.h"
#include "encode/every_format.h"
#include "encode/list_elements.h"
#include "encode/map_keys.h"

namespace ampload::encode {
namespace {

// The elements of a map: a key and a value behind each other.
template <class Format>
class PairColumn final : public ColumnWriter {
 public:
  PairColumn(const arrow::ArrayData& entries, const PairForm& form)
      : PairColumn(entries.child_data[0]->Slice(entries.offset, entries.length),
                   entries.child_data[1]->Slice(entries.offset, entries.length), form) {}
  PairColumn(const std::shared_ptr<arrow::ArrayData>& keys,
             const std::shared_ptr<arrow::ArrayData>& values, const PairForm& form)
      : keys_(keys),
        key_(MakeColumnWriter<Format>(*keys, KeyPrefix(form.before_key))),
        value_(MakeColumnWriter<Format>(*values, KeyPrefix(form.before_value))),
        tail_(form.tail) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    if (tail_ != kNoTail) {
      for (int64_t k = 0; k < rows.count; ++k) ++sizes[k];
    }
    MaybeRefusal key = key_->Size(rows, sizes);
    if (!key) {
      const int64_t k = keys_.FindNull(rows);
      if (k < rows.count) key = Refusal{k, "a map's key is null", "", ""};
    }
    MaybeRefusal value = value_->Size(rows, sizes);
    if (key) key->path = ".key" + key->path;
    if (value) value->path = ".value" + value->path;
    const bool key_first = key && (!value || key->position <= value->position);
    return key_first ? std::move(key) : std::move(value);
  }
  void Write(const Rows& rows, uint8_t** cursors) override {
    key_->Write(rows, cursors);
    value_->Write(rows, cursors);
    if (tail_ == kNoTail) return;
    for (int64_t k = 0; k < rows.count; ++k) *cursors[k]++ = static_cast<uint8_t>(tail_);
  }

 private:
  MapKeys keys_;
  std::unique_ptr<ColumnWriter> key_;
  std::unique_ptr<ColumnWriter> value_;
  char tail_;
};

// `element_path` names an element in a refusal's path.
template <class Format, Group kGroup, class Lists>
class ListColumn final : public ColumnWriter {
 public:
  ListColumn(const arrow::ArrayData& data, KeyPrefix prefix, Lists lists,
             std::unique_ptr<ColumnWriter> child, const char* element_path)
      : lists_(lists),
        validity_(data),
        null_(prefix),
        prefix_(std::move(prefix)),
        child_(std::move(child)),
        element_path_(element_path) {}

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    const Rows elements = lists_.Of(rows, validity_);
    scratch_.assign(static_cast<size_t>(elements.count), 0);
    MaybeRefusal refusal = child_->Size(elements, scratch_.data());
    if (refusal) {
      refusal->position = lists_.RowOf(refusal->position, rows, validity_);
      refusal->path = element_path_ + refusal->path;
      return refusal;
    }
    const int64_t* size = scratch_.data();
    MaybeRefusal too_large;
    const auto refuse = [&](int64_t k, const char* what, int64_t value) {
      if (!too_large) too_large = Refusal{k, what, "value=" + std::to_string(value), ""};
    };
    ForEachRow(
        rows, validity_,
        [&](int64_t k, int64_t row) {
          const int64_t length = lists_.length(row);
          if (length > msgpack::kMaxLength) refuse(k, "more than 4294967295 elements", length);
          int64_t sum = 0;
          for (const int64_t* end = size + length; size < end; ++size) {
            if (*size > kMaxElement) refuse(k, "an element is larger than 4294967295 bytes", *size);
            kept_.push_back(static_cast<uint32_t>(*size));
            sum += *size;
          }
          sizes[k] += prefix_.size() + Format::GroupSize(length) + sum;
        },
        [&](int64_t k) { sizes[k] += null_.size(); });
    return too_large;
  }

  void Write(const Rows& rows, uint8_t** cursors) override {
    const Rows elements = lists_.Of(rows, validity_);
    const KeyPrefix::View prefix = prefix_.view();
    const auto null = null_.view();
    cursors_.resize(static_cast<size_t>(elements.count));
    uint8_t** element = cursors_.data();
    const uint32_t* size = kept_.data() + written_;
    ForEachRow(
        rows, validity_,
        [&](int64_t k, int64_t row) {
          const int64_t length = lists_.length(row);
          uint8_t* at = Format::template BeginGroup<kGroup>(prefix.Put(cursors[k]), length);
          for (uint8_t** end = element + length; element < end; ++element) {
            *element = at;
            at = Format::EndElement(at + *size++);
          }
          cursors[k] = Format::template EndGroup<kGroup>(at, length);
        },
        [&](int64_t k) { cursors[k] = null.Put(cursors[k]); });
    written_ += static_cast<size_t>(elements.count);
    child_->Write(elements, cursors_.data());
  }

 private:
  static constexpr int64_t kMaxElement = std::numeric_limits<uint32_t>::max();

  ListElements<Lists> lists_;
  Validity validity_;
  typename Format::Null null_;
  KeyPrefix prefix_;
  std::unique_ptr<ColumnWriter> child_;
  const char* element_path_;
  std::vector<uint32_t> kept_;  // of all elements of the batch, in order
  size_t written_ = 0;          // how many of them Write has used
  std::vector<int64_t> scratch_;
  std::vector<uint8_t*> cursors_;
};

}  // namespace

template <class Format>
std::unique_ptr<ColumnWriter> MakeListColumn(const arrow::ArrayData& data, KeyPrefix prefix) {
  using Inner = typename Format::Inner;
  const auto& values = data.child_data[0];
  const auto list = [&]<class Lists>(Lists lists) -> std::unique_ptr<ColumnWriter> {
    return std::make_unique<ListColumn<Format, Group::kArray, Lists>>(
        data, std::move(prefix), lists, MakeColumnWriter<Inner>(*values, {}), "[]");
  };
  switch (data.type->id()) {
    case arrow::Type::LIST:
      return list(OffsetLists<int32_t>{data.GetValues<int32_t>(1)});
    case arrow::Type::LARGE_LIST:
      return list(OffsetLists<int64_t>{data.GetValues<int64_t>(1)});
    case arrow::Type::LIST_VIEW:
      return list(ViewLists<int32_t>{data.GetValues<int32_t>(1), data.GetValues<int32_t>(2)});
    case arrow::Type::LARGE_LIST_VIEW:
      return list(ViewLists<int64_t>{data.GetValues<int64_t>(1), data.GetValues<int64_t>(2)});
    case arrow::Type::FIXED_SIZE_LIST: {
      const auto& type = static_cast<const arrow::FixedSizeListType&>(*data.type);
      return list(FixedLists{type.list_size(), data.offset});
    }
    default:
      break;
  }
  using Maps = OffsetLists<int32_t>;
  const auto& type = static_cast<const arrow::MapType&>(*data.type);
  const PairForm form = Format::PairOf(IsStringType(*type.key_type()));
  const auto map =
      [&]<Group kGroup>(std::integral_constant<Group, kGroup>) -> std::unique_ptr<ColumnWriter> {
    return std::make_unique<ListColumn<Format, kGroup, Maps>>(
        data, std::move(prefix), Maps{data.GetValues<int32_t>(1)},
        std::make_unique<PairColumn<Inner>>(*values, form), "");
  };
  if (form.group == Group::kMap) return map(std::integral_constant<Group, Group::kMap>{});
  return map(std::integral_constant<Group, Group::kArray>{});
}
AMPLOAD_FOR_EVERY_FORMAT(MakeListColumn)

}  // namespace ampload::encode
