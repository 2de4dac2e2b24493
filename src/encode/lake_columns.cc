// The values of lake_form.h.
#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/extension_type.h>
#include <arrow/type_traits.h>
#include <arrow/util/decimal.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

#include "base/arrow_compute.h"
#include "encode/bytes_layout.h"
#include "encode/exact_cast.h"
#include "encode/lake_form.h"
#include "encode/leaf_column.h"
#include "encode/plain_values.h"
#include "encode/text_encoder.h"
#include "encode/type_family.h"
#include "encode/utf8_rows.h"

namespace ampload::encode {
namespace {

using arrow::Type;
using ArrayPtr = std::shared_ptr<arrow::Array>;

// The row of `list` (offsets from 0, nothing behind nulls) that holds the element.
int64_t RowOf(const arrow::Array& list, int64_t element) {
  const auto* begin = list.data()->GetValues<int32_t>(1);
  const auto* end = begin + list.length() + 1;
  return std::upper_bound(begin, end, element + begin[0]) - begin - 1;
}

// A failure of an element is one of its row.
Status OfRow(const Status& status, const arrow::Array& list) {
  const auto element = BadRowOf(status);
  return element ? BadRowError(RowOf(list, *element), MessageOf(status)) : status;
}

// Puts the column's name in front of the type and the value.
Status WithColumn(const Status& status, const std::string& path) {
  std::string message = MessageOf(status);
  const std::string name = ": column=" + path;
  const size_t values = message.find(": type=");
  if (values == std::string::npos) {
    message += name;
  } else {
    message.replace(values, 1, name);
  }
  const auto row = BadRowOf(status);
  return row ? BadRowError(*row, message) : MakeFailure(KindOf(status), message);
}

// ---- Types.

// What ExactCast offers and a lake's reader would not take for the same: text of everything.
bool IsTextOfSomething(const arrow::DataType& from, const arrow::DataType& to) {
  const auto is_text = [](const arrow::DataType& type) {
    return FamilyOf(type) == TypeFamily::kString;
  };
  return is_text(from) != is_text(to);
}

bool IsSpanOrTime(Type::type id) {
  return id == Type::TIME32 || id == Type::TIME64 || id == Type::DURATION;
}

Result<ArrayPtr> CountOf(const ArrayPtr& times) {  // of units, as the array has them
  const bool narrow = times->type_id() == Type::TIME32;
  ARROW_ASSIGN_OR_RAISE(const auto counts, times->View(narrow ? arrow::int32() : arrow::int64()));
  if (!narrow) return counts;
  return arrow::compute::Cast(*counts, arrow::int64());
}

// Every uint64 has at most twenty digits: nothing to check.
Result<ArrayPtr> DecimalsOf(const ArrayPtr& values, const std::shared_ptr<arrow::DataType>& to) {
  const int64_t rows = values->length();
  const auto* from = values->data()->GetValues<uint64_t>(1);
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                        arrow::AllocateBuffer(rows * int64_t{sizeof(arrow::Decimal128)}));
  auto* decimals = buffer->mutable_data_as<arrow::Decimal128>();
  for (int64_t row = 0; row < rows; ++row) {
    new (decimals + row) arrow::Decimal128(/*high=*/0, /*low=*/from[row]);
  }
  ARROW_ASSIGN_OR_RAISE(auto validity, ValidityOf(*values));
  return arrow::MakeArray(
      arrow::ArrayData::Make(to, rows, {std::move(validity), std::move(buffer)}));
}

// The same bytes under offsets; no copy of them. (Behind a null lies what lay there before.)
Result<ArrayPtr> BytesOf(const ArrayPtr& values, const std::shared_ptr<arrow::DataType>& to) {
  const int64_t rows = values->length();
  const int64_t width =
      static_cast<const arrow::FixedSizeBinaryType&>(*values->type()).byte_width();
  const auto& bytes = values->data()->buffers[1];
  if (bytes == nullptr || rows * width > std::numeric_limits<int32_t>::max()) {
    return arrow::compute::Cast(*values, to);
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> offsets,
                        arrow::AllocateBuffer((rows + 1) * int64_t{sizeof(int32_t)}));
  auto* at = offsets->mutable_data_as<int32_t>();
  const auto step = static_cast<int32_t>(width);
  for (int64_t row = 0; row <= rows; ++row) at[row] = static_cast<int32_t>(row) * step;
  ARROW_ASSIGN_OR_RAISE(auto validity, ValidityOf(*values));
  return arrow::MakeArray(
      arrow::ArrayData::Make(to, rows,
                             {std::move(validity), std::move(offsets),
                              arrow::SliceBuffer(bytes, values->offset() * width, rows * width)},
                             values->null_count()));
}

bool HoldsEveryUint64(const arrow::DataType& type) {
  if (type.id() != Type::DECIMAL128) return false;
  const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
  return decimal.scale() == 0 && decimal.precision() >= 20;
}

Result<ArrayPtr> TextOf(const ArrayPtr& values) {
  const auto schema = arrow::schema({arrow::field("c", values->type())});
  ARROW_ASSIGN_OR_RAISE(const auto encoder, TextEncoder::Make(schema, BinaryText::kBytes));
  ARROW_ASSIGN_OR_RAISE(const auto fields, encoder->Encode(*arrow::RecordBatch::Make(
                                               schema, values->length(), {values})));
  arrow::StringBuilder texts;
  ARROW_RETURN_NOT_OK(texts.Reserve(values->length()));
  ARROW_RETURN_NOT_OK(texts.ReserveData(fields.size_bytes()));
  for (int64_t row = 0; row < values->length(); ++row) {
    if (fields.is_absent(row, 0)) {
      texts.UnsafeAppendNull();
    } else {
      texts.UnsafeAppend(fields.field(row, 0));
    }
  }
  return texts.Finish();
}

class Converter {
 public:
  explicit Converter(const std::vector<std::string>& allow) : allow_(allow) {}

  // `values` as PlainValues made them.
  Result<ArrayPtr> Convert(const ArrayPtr& values, const std::shared_ptr<arrow::DataType>& to,
                           const std::string& path) const {
    if (values->type()->Equals(*to)) return values;
    if (values->type_id() == Type::NA) return arrow::MakeArrayOfNull(to, values->length());
    const bool alike = values->type_id() == to->id();
    if (alike && to->id() == Type::STRUCT) return Struct(values, to, path);
    if (alike && to->id() == Type::LIST) return List(values, to, path + "[]");
    if (alike && to->id() == Type::MAP) return Map(values, to, path);
    const auto leaf = Leaf(values, to);
    return leaf.ok() ? leaf : WithColumn(leaf.status(), path);
  }

 private:
  Result<ArrayPtr> Struct(const ArrayPtr& values, const std::shared_ptr<arrow::DataType>& to,
                          const std::string& path) const {
    const auto& from = static_cast<const arrow::StructArray&>(*values);
    for (const auto& field : from.type()->fields()) {
      if (static_cast<const arrow::StructType&>(*to).GetFieldIndex(field->name()) >= 0) continue;
      return DataError("the table has no such field: column=" + path + "." + field->name());
    }
    arrow::ArrayVector parts;
    for (const auto& field : to->fields()) {
      const auto part = from.GetFieldByName(field->name());
      const std::string here = path + "." + field->name();
      if (part == nullptr) {
        ARROW_ASSIGN_OR_RAISE(auto nulls, arrow::MakeArrayOfNull(field->type(), from.length()));
        parts.push_back(std::move(nulls));
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(auto converted, Convert(part, field->type(), here));
      parts.push_back(std::move(converted));
    }
    return std::make_shared<arrow::StructArray>(to, from.length(), std::move(parts),
                                                from.null_bitmap());
  }

  Result<ArrayPtr> List(const ArrayPtr& values, const std::shared_ptr<arrow::DataType>& to,
                        const std::string& path) const {
    const auto& list = static_cast<const arrow::ListArray&>(*values);
    const auto elements = Convert(list.values(), to->field(0)->type(), path);
    if (!elements.ok()) return OfRow(elements.status(), list);
    return Rebuilt(*values, to, *elements);
  }

  Result<ArrayPtr> Map(const ArrayPtr& values, const std::shared_ptr<arrow::DataType>& to,
                       const std::string& path) const {
    const auto& map = static_cast<const arrow::MapArray&>(*values);
    const auto& entries = static_cast<const arrow::StructArray&>(*map.values());
    const auto& type = static_cast<const arrow::MapType&>(*to);
    const auto keys = Convert(entries.field(0), type.key_type(), path + ".key");
    if (!keys.ok()) return OfRow(keys.status(), map);
    const auto items = Convert(entries.field(1), type.item_type(), path + ".value");
    if (!items.ok()) return OfRow(items.status(), map);
    return Rebuilt(*values, to,
                   std::make_shared<arrow::StructArray>(type.value_type(), entries.length(),
                                                        arrow::ArrayVector{*keys, *items}));
  }

  static ArrayPtr Rebuilt(const arrow::Array& like, const std::shared_ptr<arrow::DataType>& to,
                          const ArrayPtr& child) {
    auto data = like.data()->Copy();
    data->type = to;
    data->child_data = {child->data()};
    return arrow::MakeArray(data);
  }

  Result<ArrayPtr> Leaf(const ArrayPtr& values, const std::shared_ptr<arrow::DataType>& to) const {
    const auto& from = *values->type();
    const auto family = FamilyOf(from);
    if (to->id() == Type::EXTENSION) {
      const auto& storage = static_cast<const arrow::ExtensionType&>(*to).storage_type();
      ARROW_ASSIGN_OR_RAISE(const auto stored, Leaf(values, storage));
      return arrow::ExtensionType::WrapArray(to, stored);
    }
    if (from.Equals(*to)) return values;
    if (to->id() == Type::INT64 && IsSpanOrTime(from.id())) return CountOf(values);
    if (from.id() == Type::UINT64 && HoldsEveryUint64(*to)) return DecimalsOf(values, to);
    const bool has_no_type = family == TypeFamily::kWideDecimal ||
                             family == TypeFamily::kInterval || family == TypeFamily::kIntervalNs;
    if (to->id() == Type::STRING && has_no_type) return TextOf(values);
    if (to->id() == Type::BINARY && from.id() == Type::FIXED_SIZE_BINARY) {
      return BytesOf(values, to);
    }
    if (IsTextOfSomething(from, *to) || !CheckCast(from, *to).ok()) {
      return DataError("the column's type is not the table's: type=" + from.ToString() +
                       " table=" + to->ToString());
    }
    return ExactCast(values, to, allow_);
  }

  const std::vector<std::string>& allow_;
};

// ---- What is true of a whole column, however it was made.

bool NeedsLook(const arrow::Field& field) {
  const auto& type = *field.type();
  if (!field.nullable() || type.id() == Type::STRING) return true;
  return std::any_of(type.fields().begin(), type.fields().end(),
                     [](const auto& part) { return NeedsLook(*part); });
}

Status CheckText(const arrow::Array& texts, const std::string& path) {
  const Rows all{0, texts.length(), nullptr};
  const int64_t row =
      FindNotUtf8(OffsetLayout<int32_t>(*texts.data()), all, Validity(*texts.data()));
  if (row == texts.length()) return Status::OK();
  return BadRowError(row, "a text is no UTF-8: column=" + path);
}

// `exists`: null, or the array around it, in whose null rows nothing is missing.
Status CheckColumn(const arrow::Array& array, const arrow::Field& field, const std::string& path,
                   const arrow::Array* exists = nullptr) {
  if (!field.nullable() && array.null_count() > 0) {
    for (int64_t row = 0; row < array.length(); ++row) {
      if (array.IsValid(row) || (exists != nullptr && exists->IsNull(row))) continue;
      return BadRowError(row, "a null in a column that is never null: column=" + path);
    }
  }
  switch (array.type_id()) {
    case Type::STRING:
      return CheckText(array, path);
    case Type::STRUCT: {
      const auto& whole = static_cast<const arrow::StructArray&>(array);
      for (int i = 0; i < array.type()->num_fields(); ++i) {
        const auto& part = *array.type()->field(i);
        if (!NeedsLook(part)) continue;
        ARROW_ASSIGN_OR_RAISE(const auto values, whole.null_count() > 0
                                                     ? whole.GetFlattenedField(i)
                                                     : Result<ArrayPtr>(whole.field(i)));
        ARROW_RETURN_NOT_OK(CheckColumn(*values, part, path + "." + part.name(), &array));
      }
      return Status::OK();
    }
    case Type::LIST:
    case Type::MAP: {
      if (!NeedsLook(*array.type()->field(0))) return Status::OK();
      // The elements of the array's own rows, none behind a null.
      ARROW_ASSIGN_OR_RAISE(const auto plain, PlainValues(arrow::MakeArray(array.data())));
      const auto elements = arrow::MakeArray(plain->data()->child_data[0]);
      const std::string here = array.type_id() == Type::LIST ? path + "[]" : path;
      return OfRow(CheckColumn(*elements, *array.type()->field(0), here), *plain);
    }
    default:
      return Status::OK();
  }
}

Result<ArrayPtr> Column(const arrow::RecordBatch& batch, const arrow::Field& field,
                        const Converter& converter) {
  const auto places = batch.schema()->GetAllFieldIndices(field.name());
  if (places.size() > 1) {
    return DataError("two columns of the rows have one name: column=" + field.name());
  }
  if (places.empty()) return arrow::MakeArrayOfNull(field.type(), batch.num_rows());
  const auto& values = batch.column(places[0]);
  if (values->type()->Equals(*field.type())) return values;
  const auto plain = PlainValues(values);
  if (!plain.ok()) return WithColumn(plain.status(), field.name());
  return converter.Convert(*plain, field.type(), field.name());
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> ToLakeColumns(
    const arrow::RecordBatch& batch, const std::shared_ptr<arrow::Schema>& stored,
    StoreFormat /*format*/, const std::vector<std::string>& allow) {
  ARROW_RETURN_NOT_OK(base::InitializeArrowCompute());
  arrow::util::InitializeUTF8();
  const Converter converter(allow);
  arrow::ArrayVector columns;
  for (const auto& field : stored->fields()) {
    ARROW_ASSIGN_OR_RAISE(auto column, Column(batch, *field, converter));
    if (NeedsLook(*field)) ARROW_RETURN_NOT_OK(CheckColumn(*column, *field, field->name()));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(stored, batch.num_rows(), std::move(columns));
}

}  // namespace ampload::encode
