#include "loaders/deltalake/file_columns.h"

#include <arrow/array/util.h>
#include <arrow/compute/api.h>
#include <arrow/util/key_value_metadata.h>

#include <utility>

#include "encode/plain_values.h"

namespace ampload::deltalake {
namespace {

constexpr char kFieldId[] = "PARQUET:field_id";

std::string IdOf(const arrow::Field& field) {
  if (field.metadata() == nullptr) return {};
  const auto id = field.metadata()->Get(kFieldId);
  return id.ok() && *id != "-1" ? *id : std::string();
}

Status NotOfItsType(const arrow::DataType& in_file, const arrow::DataType& type) {
  return PermanentError("the file's type is not the table's: file=" + in_file.ToString() +
                        " table=" + DeltaTypeName(type));
}

bool IsText(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING || type.id() == arrow::Type::BINARY ||
         type.id() == arrow::Type::LARGE_STRING || type.id() == arrow::Type::LARGE_BINARY ||
         type.id() == arrow::Type::STRING_VIEW || type.id() == arrow::Type::BINARY_VIEW;
}

// Other shapes of the same value: an older writer's, or those of a file that keeps Arrow's types.
bool IsSameValue(const arrow::DataType& from, const arrow::DataType& to) {
  if (IsText(from) && IsText(to)) return true;
  if (from.id() == arrow::Type::FIXED_SIZE_BINARY && to.id() == arrow::Type::BINARY) return true;
  if (from.id() == arrow::Type::TIMESTAMP && to.id() == arrow::Type::TIMESTAMP) return true;
  if (arrow::is_decimal(from.id()) && arrow::is_decimal(to.id())) {
    const auto& narrow = static_cast<const arrow::DecimalType&>(from);
    const auto& wide = static_cast<const arrow::DecimalType&>(to);
    return narrow.scale() == wide.scale() && narrow.precision() <= wide.precision();
  }
  return false;
}

// The zone is the column's matter; the file's values are microseconds since 1970 in either case.
Result<std::shared_ptr<arrow::Array>> CastTimestamp(const std::shared_ptr<arrow::Array>& values,
                                                    const std::shared_ptr<arrow::DataType>& type) {
  const auto& to = static_cast<const arrow::TimestampType&>(*type);
  const auto& from = static_cast<const arrow::TimestampType&>(*values->type());
  auto units = values;
  if (from.unit() != to.unit()) {
    ARROW_ASSIGN_OR_RAISE(
        units, arrow::compute::Cast(*values, arrow::timestamp(to.unit(), from.timezone())));
  }
  return units->View(type);
}

Result<std::shared_ptr<arrow::Array>> CastLeaf(const std::shared_ptr<arrow::Array>& values,
                                               const std::shared_ptr<arrow::DataType>& type) {
  if (values->type()->Equals(*type)) return values;
  if (type->id() == arrow::Type::NA) return arrow::MakeArrayOfNull(type, values->length());
  if (values->type_id() == arrow::Type::DICTIONARY) {
    const auto& coded = static_cast<const arrow::DictionaryArray&>(*values);
    ARROW_ASSIGN_OR_RAISE(const auto plain,
                          arrow::compute::Cast(*values, coded.dictionary()->type()));
    return CastLeaf(plain, type);
  }
  if (!IsSameValue(*values->type(), *type) && !IsDeltaWidening(*values->type(), *type)) {
    return NotOfItsType(*values->type(), *type);
  }
  if (type->id() == arrow::Type::TIMESTAMP && values->type_id() == arrow::Type::TIMESTAMP) {
    return CastTimestamp(values, type);
  }
  auto cast = arrow::compute::Cast(*values, type);
  if (cast.ok()) return cast;
  return PermanentError(cast.status().message());
}

// Without the type's own names, the same.
Result<std::shared_ptr<arrow::Array>> Nested(const arrow::Array& values,
                                             const std::shared_ptr<arrow::DataType>& type,
                                             std::vector<std::shared_ptr<arrow::ArrayData>> inner) {
  auto data = values.data()->Copy();
  data->type = type;
  data->child_data = std::move(inner);
  return arrow::MakeArray(data);
}

Result<std::shared_ptr<arrow::Array>> AsStruct(const arrow::StructArray& values,
                                               const arrow::DataType& file_type,
                                               const arrow::DataType& physical,
                                               const std::shared_ptr<arrow::DataType>& type,
                                               ColumnMapping mapping) {
  // The children with the struct's own offset taken in, but not its nulls.
  arrow::ArrayVector columns;
  for (int i = 0; i < type->num_fields(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const int at, FindField(file_type.fields(), *physical.field(i), mapping));
    const auto& to = type->field(i)->type();
    std::shared_ptr<arrow::Array> column;
    if (at < 0) {
      ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayOfNull(to, values.length()));
    } else {
      ARROW_ASSIGN_OR_RAISE(column, AsColumn(values.field(at), *file_type.field(at)->type(),
                                             physical.field(i)->type(), to, mapping));
    }
    columns.push_back(std::move(column));
  }
  ARROW_ASSIGN_OR_RAISE(auto nulls, encode::ValidityOf(values));
  return std::make_shared<arrow::StructArray>(type, values.length(), std::move(columns),
                                              std::move(nulls), values.null_count());
}

}  // namespace

Result<int> FindField(const arrow::FieldVector& in_file, const arrow::Field& physical,
                      ColumnMapping mapping) {
  bool any_id = false;
  for (size_t i = 0; i < in_file.size(); ++i) {
    if (mapping != ColumnMapping::kId) {
      if (in_file[i]->name() == physical.name()) return static_cast<int>(i);
      continue;
    }
    const auto id = IdOf(*in_file[i]);
    any_id = any_id || !id.empty();
    if (!id.empty() && id == IdOf(physical)) return static_cast<int>(i);
  }
  if (mapping == ColumnMapping::kId && !any_id && !in_file.empty()) {
    return PermanentError("the table finds columns by ids, and the file has none");
  }
  return -1;
}

Result<std::shared_ptr<arrow::Array>> AsColumn(const std::shared_ptr<arrow::Array>& values,
                                               const arrow::DataType& file_type,
                                               const std::shared_ptr<arrow::DataType>& physical,
                                               const std::shared_ptr<arrow::DataType>& type,
                                               ColumnMapping mapping) {
  if (type->num_fields() == 0) return CastLeaf(values, type);
  const bool lists = type->id() == arrow::Type::LIST && values->type_id() == arrow::Type::LIST;
  const bool maps = type->id() == arrow::Type::MAP && values->type_id() == arrow::Type::MAP;
  if (type->id() == arrow::Type::STRUCT && values->type_id() == arrow::Type::STRUCT) {
    return AsStruct(static_cast<const arrow::StructArray&>(*values), file_type, *physical, type,
                    mapping);
  }
  if (lists) {
    const auto& list = static_cast<const arrow::ListArray&>(*values);
    ARROW_ASSIGN_OR_RAISE(const auto elements,
                          AsColumn(list.values(), *file_type.field(0)->type(),
                                   physical->field(0)->type(), type->field(0)->type(), mapping));
    return Nested(*values, type, {elements->data()});
  }
  if (!maps) return NotOfItsType(*values->type(), *type);
  const auto& map = static_cast<const arrow::MapArray&>(*values);
  const auto& to = static_cast<const arrow::MapType&>(*type);
  const auto& named = static_cast<const arrow::MapType&>(*physical);
  const auto& from = static_cast<const arrow::MapType&>(file_type);
  ARROW_ASSIGN_OR_RAISE(const auto keys, AsColumn(map.keys(), *from.key_type(), named.key_type(),
                                                  to.key_type(), mapping));
  ARROW_ASSIGN_OR_RAISE(const auto items, AsColumn(map.items(), *from.item_type(),
                                                   named.item_type(), to.item_type(), mapping));
  const auto entries = std::make_shared<arrow::StructArray>(
      to.value_type(), keys->length(), arrow::ArrayVector{keys, items}, nullptr, 0);
  return Nested(*values, type, {entries->data()});
}

}  // namespace ampload::deltalake
