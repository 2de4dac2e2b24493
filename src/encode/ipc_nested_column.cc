// Structs, the list kinds, maps.
#include <arrow/type.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "encode/ipc_column.h"
#include "encode/list_layout.h"
#include "encode/map_keys.h"

namespace ampload::encode {
namespace {

class IpcStructColumn final : public IpcColumn {
 public:
  IpcStructColumn(const arrow::ArrayData& data, bool nullable, IpcShape* shape)
      : type_(data.type), node_(data, nullable, shape) {
    for (int i = 0; i < type_->num_fields(); ++i) {
      const auto& child = data.child_data[static_cast<size_t>(i)];
      fields_.push_back(MakeIpcColumn(*child->Slice(data.offset, data.length),
                                      type_->field(i)->nullable(), shape));
    }
  }

  MaybeRefusal Size(const Elements& elements, int64_t* sizes) override {
    for (int64_t k = 0; k < elements.rows; ++k) sizes[k] += node_.BitmapSize(elements, k);
    const Elements inside = Inside(elements);
    MaybeRefusal first;
    for (size_t i = 0; i < fields_.size(); ++i) {
      MaybeRefusal refusal = fields_[i]->Size(inside, sizes);
      if (!refusal || (first && first->position <= refusal->position)) continue;
      refusal->path = "." + type_->field(static_cast<int>(i))->name() + refusal->path;
      first = std::move(refusal);
    }
    return first;
  }

  void Write(const Elements& elements, IpcRow* rows) override {
    for (int64_t k = 0; k < elements.rows; ++k) node_.Write(elements, k, rows[k]);
    const Elements inside = Inside(elements);
    for (const auto& field : fields_) field->Write(inside, rows);
  }

 private:
  // What stands behind a null struct is null, too.
  Elements Inside(const Elements& elements) {
    if (!node_.may_have_nulls(elements)) return elements;
    index_.clear();
    for (int64_t e = 0; e < elements.count(); ++e) {
      index_.push_back(node_.HasValue(elements[e]) ? elements[e] : Elements::kNull);
    }
    Elements inside = elements;
    inside.index = index_.data();
    return inside;
  }

  std::shared_ptr<arrow::DataType> type_;
  IpcNode node_;
  std::vector<std::unique_ptr<IpcColumn>> fields_;
  std::vector<int64_t> index_;
};

// How a kind of list says how many elements each of its rows has.
template <class Offset>
struct OffsetEnds {
  using Lists = OffsetLists<Offset>;
  static constexpr int64_t kBuffers = 1;
  static constexpr int64_t kMost = std::numeric_limits<Offset>::max();
  static int64_t Size(int64_t lists) {
    return IpcRow::Padded((lists + 1) * static_cast<int64_t>(sizeof(Offset)));
  }
  static void Put(IpcRow& row, int64_t buffer, const std::vector<int64_t>& lengths) {
    const auto size = static_cast<int64_t>((lengths.size() + 1) * sizeof(Offset));
    row.PutBuffer(buffer, size, [&](uint8_t* at) {
      Offset end = 0;
      std::memcpy(at, &end, sizeof(Offset));
      for (const int64_t length : lengths) {
        end = static_cast<Offset>(end + length);
        std::memcpy(at += sizeof(Offset), &end, sizeof(Offset));
      }
    });
  }
};
template <class Offset>
struct ViewEnds {
  using Lists = ViewLists<Offset>;
  static constexpr int64_t kBuffers = 2;
  static constexpr int64_t kMost = std::numeric_limits<Offset>::max();
  static int64_t Size(int64_t lists) {
    return 2 * IpcRow::Padded(lists * static_cast<int64_t>(sizeof(Offset)));
  }
  static void Put(IpcRow& row, int64_t buffer, const std::vector<int64_t>& lengths) {
    const auto size = static_cast<int64_t>(lengths.size() * sizeof(Offset));
    row.PutBuffer(buffer, size, [&](uint8_t* at) {
      Offset begin = 0;
      for (const int64_t length : lengths) {
        std::memcpy(at, &begin, sizeof(Offset));
        begin = static_cast<Offset>(begin + length);
        at += sizeof(Offset);
      }
    });
    row.PutBuffer(buffer + 1, size, [&](uint8_t* at) {
      for (const int64_t length : lengths) {
        const auto narrow = static_cast<Offset>(length);
        std::memcpy(at, &narrow, sizeof(Offset));
        at += sizeof(Offset);
      }
    });
  }
};
struct FixedEnds {
  using Lists = FixedLists;
  static constexpr int64_t kBuffers = 0;
  static constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  static int64_t Size(int64_t) { return 0; }
  static void Put(IpcRow&, int64_t, const std::vector<int64_t>&) {}
};

template <class Ends>
class IpcListColumn final : public IpcColumn {
  using Lists = typename Ends::Lists;
  static constexpr bool kFixed = Ends::kBuffers == 0;

 public:
  IpcListColumn(const arrow::ArrayData& data, bool nullable, Lists lists, IpcShape* shape)
      : node_(data, nullable, shape), buffer_(shape->buffers), lists_(lists) {
    shape->buffers += Ends::kBuffers;
    const auto& values = data.child_data[0];
    child_ = MakeIpcColumn(*values, data.type->field(0)->nullable(), shape);
    if (data.type->id() == arrow::Type::MAP) {
      keys_.emplace(values->child_data[0]->Slice(values->offset, values->length));
    }
  }

  MaybeRefusal Size(const Elements& elements, int64_t* sizes) override {
    for (int64_t k = 0; k < elements.rows; ++k) {
      sizes[k] += node_.BitmapSize(elements, k) + Ends::Size(elements.end(k) - elements.begin(k));
    }
    const Elements inside = Inside(elements);
    for (int64_t k = 0; k < inside.rows; ++k) {
      const int64_t count = inside.end(k) - inside.begin(k);
      if (count > Ends::kMost) {
        return Refusal{k, "a row's lists have together more than 2147483647 elements",
                       "value=" + std::to_string(count), ""};
      }
    }
    MaybeRefusal refusal = child_->Size(inside, sizes);
    if (refusal && !keys_) refusal->path = "[]" + refusal->path;
    if (refusal || !keys_) return refusal;
    const int64_t null_key = keys_->FindNull({0, inside.count(), inside.index});
    if (null_key == inside.count()) return std::nullopt;
    return Refusal{inside.RowOf(null_key), "a map's key is null", "", ".key"};
  }

  void Write(const Elements& elements, IpcRow* rows) override {
    for (int64_t k = 0; k < elements.rows; ++k) {
      node_.Write(elements, k, rows[k]);
      if (kFixed) continue;
      lengths_.clear();
      for (int64_t e = elements.begin(k); e < elements.end(k); ++e) {
        lengths_.push_back(LengthOf(elements[e]));
      }
      Ends::Put(rows[k], buffer_, lengths_);
    }
    child_->Write(Inside(elements), rows);
  }

 private:
  int64_t LengthOf(int64_t list) const {
    return kFixed || node_.HasValue(list) ? lists_.length(list) : 0;
  }
  // The elements of the lists; a null list of a fixed size has that many nulls.
  Elements Inside(const Elements& elements) {
    index_.clear();
    ends_.clear();
    for (int64_t k = 0; k < elements.rows; ++k) {
      for (int64_t e = elements.begin(k); e < elements.end(k); ++e) {
        const int64_t list = elements[e];
        const int64_t length = LengthOf(list);
        if (!node_.HasValue(list)) {
          index_.insert(index_.end(), static_cast<size_t>(length), Elements::kNull);
          continue;
        }
        const int64_t begin = lists_.begin(list);
        for (int64_t i = 0; i < length; ++i) index_.push_back(begin + i);
      }
      ends_.push_back(static_cast<int64_t>(index_.size()));
    }
    // Never without an index, even where there is nothing: it says that nulls may come from
    // outside.
    if (index_.empty()) index_.reserve(1);
    return {elements.rows, 0, index_.data(), ends_.data()};
  }

  IpcNode node_;
  int64_t buffer_;
  Lists lists_;
  std::unique_ptr<IpcColumn> child_;
  std::optional<MapKeys> keys_;
  std::vector<int64_t> index_;
  std::vector<int64_t> ends_;
  std::vector<int64_t> lengths_;
};

}  // namespace

std::unique_ptr<IpcColumn> MakeIpcNestedColumn(const arrow::ArrayData& data, bool nullable,
                                               IpcShape* shape) {
  const auto list = [&]<class Ends>(std::type_identity<Ends>, auto lists) {
    return std::make_unique<IpcListColumn<Ends>>(data, nullable, lists, shape);
  };
  const auto offsets = [&]<class Offset>(std::type_identity<Offset>) {
    return list(std::type_identity<OffsetEnds<Offset>>{},
                OffsetLists<Offset>{data.GetValues<Offset>(1)});
  };
  const auto views = [&]<class Offset>(std::type_identity<Offset>) {
    return list(std::type_identity<ViewEnds<Offset>>{},
                ViewLists<Offset>{data.GetValues<Offset>(1), data.GetValues<Offset>(2)});
  };
  switch (data.type->id()) {
    case arrow::Type::STRUCT:
      return std::make_unique<IpcStructColumn>(data, nullable, shape);
    case arrow::Type::LARGE_LIST:
      return offsets(std::type_identity<int64_t>{});
    case arrow::Type::LIST_VIEW:
      return views(std::type_identity<int32_t>{});
    case arrow::Type::LARGE_LIST_VIEW:
      return views(std::type_identity<int64_t>{});
    case arrow::Type::FIXED_SIZE_LIST: {
      const auto& type = static_cast<const arrow::FixedSizeListType&>(*data.type);
      return list(std::type_identity<FixedEnds>{}, FixedLists{type.list_size(), data.offset});
    }
    default:  // list, map
      return offsets(std::type_identity<int32_t>{});
  }
}

}  // namespace ampload::encode
