// struct: a map from field name to value, fields in their order.
#include <arrow/type.h>

#include <vector>

#include "encode/column_writer.h"
#include "encode/msgpack_bytes.h"
#include "encode/picked_rows.h"

namespace ampload::encode {
namespace {

class StructColumn final : public ColumnWriter {
 public:
  StructColumn(const arrow::ArrayData& data, const KeyPrefix& prefix)
      : type_(data.type),
        validity_(data),
        null_(prefix.With(msgpack::kNil)),
        head_(prefix.With(msgpack::MapHeader(type_->num_fields()))) {
    for (int i = 0; i < type_->num_fields(); ++i) {
      const auto& child = data.child_data[static_cast<size_t>(i)];
      // So that a row has one number here and in the child.
      fields_.push_back(MakeColumnWriter(*child->Slice(data.offset, data.length),
                                         KeyPrefix(msgpack::Str(type_->field(i)->name()))));
    }
  }

  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    if (!validity_.has_nulls()) {
      for (int64_t k = 0; k < rows.count; ++k) sizes[k] += head_.size();
      return ForEachField([&](ColumnWriter& field) { return field.Size(rows, sizes); });
    }
    picked_.Clear();
    ForEachRow(
        rows, validity_,
        [&](int64_t k, int64_t row) {
          sizes[k] += head_.size();
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
      return;
    }
    const KeyPrefix::View null = null_.view();
    picked_.Clear();
    ForEachRow(
        rows, validity_,
        [&](int64_t k, int64_t row) {
          cursors[k] = head.Put(cursors[k]);
          picked_.Add(k, row);
        },
        [&](int64_t k) { cursors[k] = null.Put(cursors[k]); });
    for (const auto& field : fields_) picked_.Write(*field, cursors);
  }

 private:
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
  KeyPrefix null_;
  KeyPrefix head_;
  std::vector<std::unique_ptr<ColumnWriter>> fields_;
  PickedRows picked_;
};

}  // namespace

std::unique_ptr<ColumnWriter> MakeStructColumn(const arrow::ArrayData& data,
                                               const KeyPrefix& prefix) {
  return std::make_unique<StructColumn>(data, prefix);
}

}  // namespace ampload::encode
