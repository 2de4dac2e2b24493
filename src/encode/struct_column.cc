// struct: each field by its name, in their order.
#include <arrow/type.h>

#include <vector>

#include "encode/column_writer.h"
#include "encode/every_format.h"
#include "encode/picked_rows.h"

namespace ampload::encode {
namespace {

template <class Format>
class StructColumn final : public ColumnWriter {
 public:
  StructColumn(const arrow::ArrayData& data, const KeyPrefix& prefix)
      : type_(data.type),
        validity_(data),
        null_(prefix),
        head_(prefix.With(Format::StructHead(type_->num_fields()))) {
    for (int i = 0; i < type_->num_fields(); ++i) {
      const auto& child = data.child_data[static_cast<size_t>(i)];
      // So that a row has one number here and in the child.
      fields_.push_back(MakeColumnWriter<typename Format::Inner>(
          *child->Slice(data.offset, data.length),
          KeyPrefix(Format::FieldKey(i, type_->field(i)->name()))));
    }
  }

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    if (!validity_.has_nulls()) {
      for (int64_t k = 0; k < rows.count; ++k) sizes[k] += head_.size() + kTailSize;
      return ForEachField([&](ColumnWriter& field) { return field.Size(rows, sizes); });
    }
    picked_.Clear();
    ForEachRow(
        rows, validity_,
        [&](int64_t k, int64_t row) {
          sizes[k] += head_.size() + kTailSize;
          picked_.Add(k, row);
        },
        [&](int64_t k) { sizes[k] += null_.size(); });
    return ForEachField([&](ColumnWriter& field) { return picked_.Size(field, sizes); });
  }

  void Write(const Rows& rows, uint8_t** cursors) override {
    const KeyPrefix::View head = head_.view();
    if (!validity_.has_nulls()) {
      for (int64_t k = 0; k < rows.count; ++k) cursors[k] = head.Put(cursors[k]);
      for (const auto& field : fields_) field->Write(rows, cursors);
      if constexpr (kTailSize > 0) {
        for (int64_t k = 0; k < rows.count; ++k) *cursors[k]++ = Format::kStructTail;
      }
      return;
    }
    const auto null = null_.view();
    picked_.Clear();
    ForEachRow(
        rows, validity_,
        [&](int64_t k, int64_t row) {
          cursors[k] = head.Put(cursors[k]);
          picked_.Add(k, row);
        },
        [&](int64_t k) { cursors[k] = null.Put(cursors[k]); });
    for (const auto& field : fields_) picked_.Write(*field, cursors);
    if constexpr (kTailSize > 0) {
      for (const int64_t k : picked_.positions()) *cursors[k]++ = Format::kStructTail;
    }
  }

 private:
  static constexpr int64_t kTailSize = Format::kStructTail == kNoTail ? 0 : 1;

  template <class SizeField>
  MaybeRefusal ForEachField(SizeField&& size) {
    MaybeRefusal first;
    for (size_t i = 0; i < fields_.size(); ++i) {
      MaybeRefusal refusal = size(*fields_[i]);
      if (!refusal || (first && first->position <= refusal->position)) continue;
      refusal->path = "." + type_->field(static_cast<int>(i))->name() + refusal->path;
      first = std::move(refusal);
    }
    return first;
  }

  std::shared_ptr<arrow::DataType> type_;
  Validity validity_;
  typename Format::Null null_;
  KeyPrefix head_;
  std::vector<std::unique_ptr<ColumnWriter>> fields_;
  PickedRows picked_;
};

}  // namespace

template <class Format>
std::unique_ptr<ColumnWriter> MakeStructColumn(const arrow::ArrayData& data, KeyPrefix prefix) {
  return std::make_unique<StructColumn<Format>>(data, prefix);
}

AMPLOAD_FOR_EVERY_FORMAT(MakeStructColumn)

}  // namespace ampload::encode
