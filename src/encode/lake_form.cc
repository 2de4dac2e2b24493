// The types; the values are in lake_columns.cc.
#include "encode/lake_form.h"

#include <arrow/extension/uuid.h>
#include <arrow/extension_type.h>
#include <arrow/util/key_value_metadata.h>

#include <utility>

#include "encode/type_family.h"

namespace ampload::encode {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr int kUint64Digits = 20;

// The type with wrappers taken off at every depth, lists and maps under a lake's names: what a
// column in another shape is called.
TypePtr ShapeOf(const arrow::DataType& outer) {
  const auto& type = Unwrapped(outer);
  switch (FamilyOf(outer)) {
    case TypeFamily::kScalarList:
    case TypeFamily::kNestedList:
      return arrow::list(arrow::field("element", ShapeOf(*type.field(0)->type())));
    case TypeFamily::kMap: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return arrow::map(ShapeOf(*map.key_type()), ShapeOf(*map.item_type()));
    }
    default:
      return type.GetSharedPtr();
  }
}

class Maker {
 public:
  explicit Maker(StoreFormat format) : format_(format), is_delta_(format == StoreFormat::kDelta) {}

  // `path` is for messages.
  Result<std::shared_ptr<arrow::Field>> Field(const arrow::Field& field, TypeFamily family,
                                              const std::string& path) const {
    bool other_shape = false;
    ARROW_ASSIGN_OR_RAISE(auto type, TypeOf(*field.type(), family, path, &other_shape));
    const auto plain = arrow::field(field.name(), std::move(type), field.nullable());
    if (!other_shape) return plain;
    return plain->WithMetadata(
        arrow::key_value_metadata({kArrowTypeKey}, {ShapeOf(*field.type())->ToString()}));
  }

 private:
  // `other_shape` is set where a part that has no struct's field of its own is kept as something
  // else.
  Result<TypePtr> TypeOf(const arrow::DataType& outer, TypeFamily family, const std::string& path,
                         bool* other_shape) const {
    const auto& type = Unwrapped(outer);
    switch (family) {
      case TypeFamily::kUnion:
        return DataError(std::string(CellOf(family, format_).note) + ": column=" + path +
                         " type=" + outer.ToString());
      case TypeFamily::kScalarList:
      case TypeFamily::kNestedList: {
        const auto& item = *type.field(0);
        ARROW_ASSIGN_OR_RAISE(
            auto element, TypeOf(*item.type(), FamilyOf(*item.type()), path + "[]", other_shape));
        return arrow::list(arrow::field("element", std::move(element), item.nullable()));
      }
      case TypeFamily::kMap: {
        const auto& map = static_cast<const arrow::MapType&>(type);
        ARROW_ASSIGN_OR_RAISE(auto key, TypeOf(*map.key_type(), FamilyOf(*map.key_type()),
                                               path + ".key", other_shape));
        ARROW_ASSIGN_OR_RAISE(auto value, TypeOf(*map.item_type(), FamilyOf(*map.item_type()),
                                                 path + ".value", other_shape));
        return std::make_shared<arrow::MapType>(
            arrow::field("key", std::move(key), false),
            arrow::field("value", std::move(value), map.item_field()->nullable()));
      }
      case TypeFamily::kStruct: {
        arrow::FieldVector fields;
        for (const auto& part : type.fields()) {
          ARROW_ASSIGN_OR_RAISE(auto field,
                                Field(*part, FamilyOf(*part->type()), path + "." + part->name()));
          fields.push_back(std::move(field));
        }
        return arrow::struct_(fields);
      }
      default:
        if (CellOf(family, format_).fidelity == Fidelity::kDeclared) *other_shape = true;
        return ScalarType(type, family);
    }
  }

  TypePtr ScalarType(const arrow::DataType& type, TypeFamily family) const {
    switch (family) {
      case TypeFamily::kBool:
        return arrow::boolean();
      case TypeFamily::kInt8:
        return is_delta_ ? arrow::int8() : arrow::int32();
      case TypeFamily::kInt16:
      case TypeFamily::kUint8:
        return is_delta_ ? arrow::int16() : arrow::int32();
      case TypeFamily::kInt32:
      case TypeFamily::kUint16:
        return arrow::int32();
      case TypeFamily::kUint64:
        return arrow::decimal128(kUint64Digits, 0);
      case TypeFamily::kFloat16:
      case TypeFamily::kFloat32:
        return arrow::float32();
      case TypeFamily::kFloat64:
        return arrow::float64();
      case TypeFamily::kDecimal: {
        const auto shape = SqlShape(static_cast<const arrow::DecimalType&>(type));
        return arrow::decimal128(shape.precision, shape.scale);
      }
      case TypeFamily::kBinary:
        return arrow::binary();
      case TypeFamily::kFixedBinary:
        return is_delta_ ? arrow::binary() : type.GetSharedPtr();
      case TypeFamily::kUuid:
        return is_delta_ ? arrow::binary() : arrow::extension::uuid();
      case TypeFamily::kDate:
        return arrow::date32();
      case TypeFamily::kTime:
      case TypeFamily::kTimeNs:
        return is_delta_ ? arrow::int64() : arrow::time64(arrow::TimeUnit::MICRO);
      case TypeFamily::kTimestampZone:
      case TypeFamily::kTimestampNsZone:
        return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
      case TypeFamily::kTimestamp:
      case TypeFamily::kTimestampNs:
        return arrow::timestamp(arrow::TimeUnit::MICRO);
      case TypeFamily::kInt64:
      case TypeFamily::kUint32:
      case TypeFamily::kBlockNumber:
      case TypeFamily::kDuration:
      case TypeFamily::kDurationNs:
        return arrow::int64();
      default:  // strings, JSON, and what is kept as text: wide decimals, intervals, null
        return arrow::utf8();
    }
  }

  StoreFormat format_;
  bool is_delta_;
};

}  // namespace

Result<std::shared_ptr<arrow::Field>> LakeField(const arrow::Field& field, StoreFormat format) {
  return Maker(format).Field(field, FamilyOf(field), field.name());
}

Result<std::shared_ptr<arrow::Schema>> LakeSchema(const arrow::Schema& schema, StoreFormat format) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    ARROW_ASSIGN_OR_RAISE(auto lake, LakeField(*field, format));
    fields.push_back(std::move(lake));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace ampload::encode
