#include "encode/plain_values.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/extension_type.h>
#include <arrow/util/bitmap_ops.h>

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/arrow_compute.h"

namespace ampload::encode {
namespace {

using arrow::Type;
using ArrayPtr = std::shared_ptr<arrow::Array>;

Result<ArrayPtr> Taken(const ArrayPtr& values, const ArrayPtr& indices) {
  auto taken = arrow::compute::Take(*values, *indices);
  if (taken.ok()) return taken;
  if (!taken.status().IsIndexError()) return taken.status();
  return DataError("an index is outside its dictionary: size=" + std::to_string(values->length()));
}

Result<ArrayPtr> PlainRuns(const arrow::RunEndEncodedArray& runs) {
  ARROW_ASSIGN_OR_RAISE(const auto values, PlainValues(runs.values()));
  ARROW_ASSIGN_OR_RAISE(const auto cast, arrow::compute::Cast(*runs.run_ends(), arrow::int64()));
  const auto& ends = static_cast<const arrow::Int64Array&>(*cast);
  arrow::Int64Builder indices;
  ARROW_RETURN_NOT_OK(indices.Reserve(runs.length()));
  int64_t run = 0;
  for (int64_t row = runs.offset(); row < runs.offset() + runs.length(); ++row) {
    while (ends.Value(run) <= row) ++run;
    indices.UnsafeAppend(run);
  }
  ARROW_ASSIGN_OR_RAISE(const auto picked, indices.Finish());
  return Taken(values, picked);
}

Result<ArrayPtr> PlainDictionary(const arrow::DictionaryArray& array) {
  ARROW_ASSIGN_OR_RAISE(const auto values, PlainValues(array.dictionary()));
  return Taken(values, array.indices());
}

// Where a row's elements lie among the list's values.
struct Extent {
  int64_t begin = 0;
  int64_t length = 0;
};

struct PlainElements {
  std::shared_ptr<arrow::Buffer> validity;
  std::shared_ptr<arrow::Buffer> offsets;  // int32, from 0
  ArrayPtr values;
};

// Elements that do not stand one after the other, or stand behind a null, are put together anew.
template <class ExtentOf>
Result<PlainElements> Elements(const arrow::Array& list, const ArrayPtr& values,
                               const ExtentOf& extent_of) {
  const auto extent = [&](int64_t row) { return list.IsNull(row) ? Extent{} : extent_of(row); };
  PlainElements out;
  ARROW_ASSIGN_OR_RAISE(out.validity, ValidityOf(list));
  arrow::TypedBufferBuilder<int32_t> offsets;
  ARROW_RETURN_NOT_OK(offsets.Reserve(list.length() + 1));
  offsets.UnsafeAppend(0);
  int64_t total = 0;
  int64_t first = 0;
  bool in_order = true;
  for (int64_t row = 0; row < list.length(); ++row) {
    const Extent at = extent(row);
    if (at.length > 0) {
      if (total == 0) first = at.begin;
      in_order = in_order && at.begin == first + total;
    }
    total += at.length;
    if (total > std::numeric_limits<int32_t>::max()) {
      return DataError("the lists of a batch have more than 2147483647 elements: use smaller ones");
    }
    offsets.UnsafeAppend(static_cast<int32_t>(total));
  }
  ARROW_ASSIGN_OR_RAISE(out.offsets, offsets.Finish());
  if (in_order) {
    ARROW_ASSIGN_OR_RAISE(out.values, PlainValues(values->Slice(first, total)));
    return out;
  }
  arrow::Int64Builder indices;
  ARROW_RETURN_NOT_OK(indices.Reserve(total));
  for (int64_t row = 0; row < list.length(); ++row) {
    const Extent at = extent(row);
    for (int64_t i = 0; i < at.length; ++i) indices.UnsafeAppend(at.begin + i);
  }
  ARROW_ASSIGN_OR_RAISE(const auto picked, indices.Finish());
  ARROW_ASSIGN_OR_RAISE(const auto plain, PlainValues(values));
  ARROW_ASSIGN_OR_RAISE(out.values, Taken(plain, picked));
  return out;
}

template <class Lists>
Result<PlainElements> ElementsOf(const arrow::Array& array) {
  const auto& list = static_cast<const Lists&>(array);
  return Elements(array, list.values(), [&](int64_t row) {
    return Extent{static_cast<int64_t>(list.value_offset(row)),
                  static_cast<int64_t>(list.value_length(row))};
  });
}

ArrayPtr MakeNested(const std::shared_ptr<arrow::DataType>& type, const arrow::Array& like,
                    const PlainElements& elements) {
  return arrow::MakeArray(arrow::ArrayData::Make(
      type, like.length(), {elements.validity, elements.offsets}, {elements.values->data()}));
}

template <class Lists>
Result<ArrayPtr> PlainList(const arrow::Array& array) {
  ARROW_ASSIGN_OR_RAISE(const auto elements, ElementsOf<Lists>(array));
  const bool nullable = array.type()->field(0)->nullable();
  return MakeNested(arrow::list(arrow::field("element", elements.values->type(), nullable)), array,
                    elements);
}

Result<ArrayPtr> PlainMap(const arrow::Array& array) {
  ARROW_ASSIGN_OR_RAISE(const auto entries, ElementsOf<arrow::MapArray>(array));
  const auto& type = *entries.values->type();
  const bool nullable = static_cast<const arrow::MapType&>(*array.type()).item_field()->nullable();
  const auto map =
      std::make_shared<arrow::MapType>(arrow::field("key", type.field(0)->type(), false),
                                       arrow::field("value", type.field(1)->type(), nullable));
  return MakeNested(map, array, entries);
}

Result<ArrayPtr> PlainStruct(const arrow::StructArray& array) {
  ARROW_ASSIGN_OR_RAISE(const auto validity, ValidityOf(array));
  arrow::FieldVector fields;
  arrow::ArrayVector parts;
  for (int i = 0; i < array.num_fields(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto part, PlainValues(array.field(i)));
    fields.push_back(array.type()->field(i)->WithType(part->type()));
    parts.push_back(std::move(part));
  }
  const auto type = arrow::struct_(fields);
  if (validity != nullptr) {
    const arrow::StructArray masked(type, array.length(), parts, validity);
    for (int i = 0; i < array.num_fields(); ++i) {
      auto& part = parts[static_cast<size_t>(i)];
      if (part->type_id() == Type::NA) continue;
      ARROW_ASSIGN_OR_RAISE(part, masked.GetFlattenedField(i));
      // A list that became null has elements still.
      ARROW_ASSIGN_OR_RAISE(part, PlainValues(part));
    }
  }
  return std::make_shared<arrow::StructArray>(type, array.length(), parts, validity);
}

Result<ArrayPtr> CastTo(const ArrayPtr& array, const std::shared_ptr<arrow::DataType>& type) {
  ARROW_ASSIGN_OR_RAISE(const auto cast, arrow::compute::Cast(arrow::Datum(array), type));
  return cast.make_array();
}

}  // namespace

Result<std::shared_ptr<arrow::Buffer>> ValidityOf(const arrow::Array& array) {
  if (array.null_count() == 0) return nullptr;
  if (array.offset() == 0) return array.null_bitmap();
  return arrow::internal::CopyBitmap(arrow::default_memory_pool(), array.null_bitmap_data(),
                                     array.offset(), array.length());
}

Result<ArrayPtr> PlainValues(const ArrayPtr& array) {
  switch (array->type_id()) {
    case Type::EXTENSION:
      return PlainValues(static_cast<const arrow::ExtensionArray&>(*array).storage());
    case Type::DICTIONARY:
      return PlainDictionary(static_cast<const arrow::DictionaryArray&>(*array));
    case Type::RUN_END_ENCODED:
      return PlainRuns(static_cast<const arrow::RunEndEncodedArray&>(*array));
    case Type::STRING_VIEW:
      return CastTo(array, arrow::utf8());
    case Type::BINARY_VIEW:
      return CastTo(array, arrow::binary());
    case Type::LIST:
      return PlainList<arrow::ListArray>(*array);
    case Type::LARGE_LIST:
      return PlainList<arrow::LargeListArray>(*array);
    case Type::LIST_VIEW:
      return PlainList<arrow::ListViewArray>(*array);
    case Type::LARGE_LIST_VIEW:
      return PlainList<arrow::LargeListViewArray>(*array);
    case Type::FIXED_SIZE_LIST:
      return PlainList<arrow::FixedSizeListArray>(*array);
    case Type::MAP:
      return PlainMap(*array);
    case Type::STRUCT:
      return PlainStruct(static_cast<const arrow::StructArray&>(*array));
    default:
      return array;
  }
}

}  // namespace ampload::encode
