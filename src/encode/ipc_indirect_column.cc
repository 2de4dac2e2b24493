// dictionary and run_end_encoded: written as the values that they stand for.
#include <arrow/type.h>

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "encode/ipc_column.h"

namespace ampload::encode {
namespace {

// The elements with each index replaced by target(index), which is no kNull.
template <class Target>
Elements Redirect(const Elements& elements, std::vector<int64_t>* index, Target&& target) {
  index->clear();
  for (int64_t e = 0; e < elements.count(); ++e) {
    const int64_t value = elements[e];
    index->push_back(value == Elements::kNull ? value : target(value));
  }
  index->reserve(1);
  Elements redirected = elements;
  redirected.index = index->data();
  return redirected;
}

template <class Index>
class IpcDictionaryColumn final : public IpcColumn {
 public:
  IpcDictionaryColumn(const arrow::ArrayData& data, bool nullable, IpcShape* shape)
      : indices_(data.GetValues<Index>(1)),
        validity_(data),
        length_(data.dictionary->length),
        values_(MakeIpcColumn(*data.dictionary, nullable, shape)) {}

  MaybeRefusal Size(const Elements& elements, int64_t* sizes) override {
    for (int64_t e = 0; e < elements.count(); ++e) {
      const int64_t row = elements[e];
      if (row == Elements::kNull || !validity_(row)) continue;
      const Index index = indices_[row];
      if (std::cmp_greater_equal(index, 0) && std::cmp_less(index, length_)) continue;
      return Refusal{elements.RowOf(e), "index is outside the dictionary",
                     "index=" + std::to_string(index), ""};
    }
    return values_->Size(Values(elements), sizes);
  }
  void Write(const Elements& elements, IpcRow* rows) override {
    values_->Write(Values(elements), rows);
  }

 private:
  Elements Values(const Elements& elements) {
    return Redirect(elements, &index_, [&](int64_t row) {
      return validity_(row) ? static_cast<int64_t>(indices_[row]) : Elements::kNull;
    });
  }

  const Index* indices_;
  Validity validity_;
  int64_t length_;
  std::unique_ptr<IpcColumn> values_;
  std::vector<int64_t> index_;
};

template <class RunEnd>
class IpcRunEndColumn final : public IpcColumn {
 public:
  IpcRunEndColumn(const arrow::ArrayData& data, bool nullable, IpcShape* shape)
      : ends_(data.child_data[0]->GetValues<RunEnd>(1)),
        runs_(data.child_data[0]->length),
        offset_(data.offset),
        values_(MakeIpcColumn(*data.child_data[1], nullable, shape)) {}

  MaybeRefusal Size(const Elements& elements, int64_t* sizes) override {
    return values_->Size(Values(elements), sizes);
  }
  void Write(const Elements& elements, IpcRow* rows) override {
    values_->Write(Values(elements), rows);
  }

 private:
  Elements Values(const Elements& elements) {
    return Redirect(elements, &index_, [&](int64_t row) {
      return std::upper_bound(ends_, ends_ + runs_, offset_ + row) - ends_;
    });
  }

  const RunEnd* ends_;
  int64_t runs_;
  int64_t offset_;
  std::unique_ptr<IpcColumn> values_;
  std::vector<int64_t> index_;
};

}  // namespace

std::unique_ptr<IpcColumn> MakeIpcIndirectColumn(const arrow::ArrayData& data, bool nullable,
                                                 IpcShape* shape) {
  const auto dictionary = [&]<class T>(std::type_identity<T>) {
    return std::make_unique<IpcDictionaryColumn<T>>(data, nullable, shape);
  };
  const auto runs = [&]<class T>(std::type_identity<T>) {
    return std::make_unique<IpcRunEndColumn<T>>(data, nullable, shape);
  };
  using arrow::Type;
  if (data.type->id() == Type::RUN_END_ENCODED) {
    switch (static_cast<const arrow::RunEndEncodedType&>(*data.type).run_end_type()->id()) {
      case Type::INT16:
        return runs(std::type_identity<int16_t>{});
      case Type::INT32:
        return runs(std::type_identity<int32_t>{});
      default:
        return runs(std::type_identity<int64_t>{});
    }
  }
  switch (static_cast<const arrow::DictionaryType&>(*data.type).index_type()->id()) {
    case Type::INT8:
      return dictionary(std::type_identity<int8_t>{});
    case Type::INT16:
      return dictionary(std::type_identity<int16_t>{});
    case Type::INT32:
      return dictionary(std::type_identity<int32_t>{});
    case Type::INT64:
      return dictionary(std::type_identity<int64_t>{});
    case Type::UINT8:
      return dictionary(std::type_identity<uint8_t>{});
    case Type::UINT16:
      return dictionary(std::type_identity<uint16_t>{});
    case Type::UINT32:
      return dictionary(std::type_identity<uint32_t>{});
    default:
      return dictionary(std::type_identity<uint64_t>{});
  }
}

}  // namespace ampload::encode
