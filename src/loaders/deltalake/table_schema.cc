#include "loaders/deltalake/table_schema.h"

#include <arrow/api.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "encode/lake_form.h"
#include "loaders/deltalake/field_metadata.h"

namespace ampload::deltalake {
namespace {

using arrow::Type;
using Json = nlohmann::ordered_json;

constexpr int kMostNesting = 100;
constexpr int kMostDigits = 38;

std::string Within(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

// "(10,2)", "(10, 2)"; nothing stands for (10,0), as Spark has it.
bool ParseShape(std::string_view text, int* precision, int* scale) {
  *precision = 10;
  *scale = 0;
  if (text.empty()) return true;
  std::string shape;
  for (const char c : text) {
    if (c != ' ') shape += c;
  }
  if (shape.size() < 5 || shape.front() != '(' || shape.back() != ')') return false;
  const char* const end = shape.data() + shape.size() - 1;
  const auto first = std::from_chars(shape.data() + 1, end, *precision);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ',') return false;
  const auto second = std::from_chars(first.ptr + 1, end, *scale);
  return second.ec == std::errc() && second.ptr == end && 1 <= *precision &&
         *precision <= kMostDigits && 0 <= *scale && *scale <= *precision;
}

std::shared_ptr<arrow::DataType> PlainType(std::string_view name) {
  static const std::map<std::string, std::shared_ptr<arrow::DataType>, std::less<>> kTypes = {
      {"boolean", arrow::boolean()},
      {"byte", arrow::int8()},
      {"short", arrow::int16()},
      {"integer", arrow::int32()},
      {"long", arrow::int64()},
      {"float", arrow::float32()},
      {"double", arrow::float64()},
      {"string", arrow::utf8()},
      {"binary", arrow::binary()},
      {"date", arrow::date32()},
      {"timestamp", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")},
      {"timestamp_ntz", arrow::timestamp(arrow::TimeUnit::MICRO)},
      {"void", arrow::null()},
  };
  const auto found = kTypes.find(name);
  return found == kTypes.end() ? nullptr : found->second;
}

Status CheckNames(const arrow::FieldVector& fields, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const auto names, LowerCaseNames(fields));
  std::map<std::string, std::string> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto [at, fresh] = seen.emplace(names[i], fields[i]->name());
    if (fresh) continue;
    return DataError("deltalake: two columns have names that differ by their case alone, or not " +
                     std::string("at all: rename one: column=") + Within(path, at->second) +
                     " other=" + Within(path, fields[i]->name()));
  }
  return Status::OK();
}

class Reader {
 public:
  explicit Reader(const std::string& where) : where_(where) {}

  Status Damaged(const std::string& what) const {
    return PermanentError("deltalake: the table's schema is damaged: " + what + ": " + where_);
  }

  Result<arrow::FieldVector> Fields(const Json& type, const std::string& path, int depth) const {
    const Json* fields = Member(type, "fields");
    if (fields == nullptr || !fields->is_array()) {
      return Damaged("a struct has no fields: column=" + path);
    }
    arrow::FieldVector out;
    for (const auto& json : *fields) {
      ARROW_ASSIGN_OR_RAISE(auto field, Field(json, path, depth));
      out.push_back(std::move(field));
    }
    const Status names = CheckNames(out, path);
    return names.ok() ? Result<arrow::FieldVector>(std::move(out)) : Damaged(MessageOf(names));
  }

 private:
  static const Json* Member(const Json& json, const char* key) {  // null: not there
    const auto it = json.find(key);
    return it == json.end() ? nullptr : &*it;
  }

  Result<bool> Flag(const Json& json, const char* key, const std::string& path) const {
    const Json* value = Member(json, key);
    if (value == nullptr || !value->is_boolean()) {
      return Damaged(std::string("the key ") + key + " is missing or no boolean: column=" + path);
    }
    return value->get<bool>();
  }

  Result<std::shared_ptr<arrow::Field>> Field(const Json& json, const std::string& path,
                                              int depth) const {
    const Json* name = json.is_object() ? Member(json, "name") : nullptr;
    if (name == nullptr || !name->is_string()) {
      return Damaged("a field has no name: column=" + path);
    }
    const auto text = name->get<std::string>();
    const std::string here = Within(path, text);
    const Json* type_json = Member(json, "type");
    if (type_json == nullptr) return Damaged("a field has no type: column=" + here);
    ARROW_ASSIGN_OR_RAISE(auto type, Type(*type_json, here, depth + 1));
    ARROW_ASSIGN_OR_RAISE(const bool nullable, Flag(json, "nullable", here));
    auto field = arrow::field(text, std::move(type), nullable);
    const Json* metadata = Member(json, "metadata");
    if (metadata == nullptr || metadata->is_null()) return field;
    if (!metadata->is_object()) return Damaged("metadata is no object: column=" + here);
    return WithDeltaMetadata(field, *metadata);
  }

  Result<std::shared_ptr<arrow::DataType>> Type(const Json& json, const std::string& path,
                                                int depth) const {
    if (depth > kMostNesting) return Damaged("it is nested too deeply: column=" + path);
    if (json.is_string()) return Primitive(json.get_ref<const std::string&>(), path);
    const Json* kind = json.is_object() ? Member(json, "type") : nullptr;
    if (kind == nullptr || !kind->is_string()) {
      return Damaged("a type is no text and no object: column=" + path);
    }
    const auto& name = kind->get_ref<const std::string&>();
    if (name == "struct") {
      ARROW_ASSIGN_OR_RAISE(auto fields, Fields(json, path, depth));
      return arrow::struct_(fields);
    }
    if (name == "array") {
      ARROW_ASSIGN_OR_RAISE(auto element, Part(json, "elementType", path, "element", depth));
      ARROW_ASSIGN_OR_RAISE(const bool nullable, Flag(json, "containsNull", path));
      return arrow::list(arrow::field("element", std::move(element), nullable));
    }
    if (name == "map") {
      ARROW_ASSIGN_OR_RAISE(auto key, Part(json, "keyType", path, "key", depth));
      ARROW_ASSIGN_OR_RAISE(auto value, Part(json, "valueType", path, "value", depth));
      ARROW_ASSIGN_OR_RAISE(const bool nullable, Flag(json, "valueContainsNull", path));
      return std::make_shared<arrow::MapType>(arrow::field("key", std::move(key), false),
                                              arrow::field("value", std::move(value), nullable));
    }
    return NotRead(name, path);
  }

  Result<std::shared_ptr<arrow::DataType>> Part(const Json& json, const char* key,
                                                const std::string& path, const char* name,
                                                int depth) const {
    const Json* type = Member(json, key);
    if (type == nullptr) return Damaged(std::string(key) + " is missing: column=" + path);
    return Type(*type, Within(path, name), depth + 1);
  }

  Result<std::shared_ptr<arrow::DataType>> Primitive(const std::string& name,
                                                     const std::string& path) const {
    if (auto plain = PlainType(name); plain != nullptr) return plain;
    constexpr std::string_view kDecimal = "decimal";
    if (!name.starts_with(kDecimal)) return NotRead(name, path);
    int precision = 0;
    int scale = 0;
    if (!ParseShape(std::string_view(name).substr(kDecimal.size()), &precision, &scale)) {
      return Damaged("no such decimal: column=" + path + " type=" + name);
    }
    return arrow::decimal128(precision, scale);
  }

  Status NotRead(const std::string& type, const std::string& path) const {
    return ConfigurationError(
        "deltalake: the table has a column of a type that ampload does not read: column=" + path +
        " type=" + type + " " + where_);
  }

  const std::string& where_;
};

class Writer {
 public:
  static Result<Json> Struct(const arrow::FieldVector& fields, const std::string& path) {
    ARROW_RETURN_NOT_OK(CheckNames(fields, path));
    Json list = Json::array();
    for (const auto& field : fields) {
      const std::string here = Within(path, field->name());
      ARROW_ASSIGN_OR_RAISE(auto type, Of(*field->type(), here));
      Json metadata = DeltaMetadataOf(*field);
      if (field->HasMetadata()) {
        const auto arrow_type = field->metadata()->Get(encode::kArrowTypeKey);
        if (arrow_type.ok()) metadata[encode::kArrowTypeKey] = *arrow_type;
      }
      Json json = Json::object();
      json["name"] = field->name();
      json["type"] = std::move(type);
      json["nullable"] = field->nullable();
      json["metadata"] = std::move(metadata);
      list.push_back(std::move(json));
    }
    Json json = Json::object();
    json["type"] = "struct";
    json["fields"] = std::move(list);
    return json;
  }

 private:
  static Result<Json> Of(const arrow::DataType& type, const std::string& path) {
    Json json = Json::object();
    switch (type.id()) {
      case Type::STRUCT:
        return Struct(type.fields(), path);
      case Type::LIST: {
        ARROW_ASSIGN_OR_RAISE(auto element, Of(*type.field(0)->type(), path + ".element"));
        json["type"] = "array";
        json["elementType"] = std::move(element);
        json["containsNull"] = type.field(0)->nullable();
        return json;
      }
      case Type::MAP: {
        const auto& map = static_cast<const arrow::MapType&>(type);
        ARROW_ASSIGN_OR_RAISE(auto key, Of(*map.key_type(), path + ".key"));
        ARROW_ASSIGN_OR_RAISE(auto value, Of(*map.item_type(), path + ".value"));
        json["type"] = "map";
        json["keyType"] = std::move(key);
        json["valueType"] = std::move(value);
        json["valueContainsNull"] = map.item_field()->nullable();
        return json;
      }
      default:
        return Primitive(type, path);
    }
  }

  static Result<Json> Primitive(const arrow::DataType& type, const std::string& path) {
    const std::string name = DeltaTypeName(type);
    const bool known = type.id() == Type::DECIMAL128
                           ? static_cast<const arrow::Decimal128Type&>(type).scale() >= 0
                           : PlainType(name) != nullptr && PlainType(name)->Equals(type);
    if (known) return Json(name);
    return DataError("deltalake: Delta has no such type: column=" + path +
                     " type=" + type.ToString());
  }
};

std::string StructName(const arrow::DataType& type) {
  std::string fields;
  for (const auto& field : type.fields()) {
    fields += (fields.empty() ? "" : ", ") + field->name() + ": " + DeltaTypeName(*field->type());
  }
  return "struct<" + fields + ">";
}

// How many digits a decimal needs for all of an integer type's values, as the protocol counts them.
std::optional<int> DigitsOf(Type::type id) {
  switch (id) {
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
      return 10;
    case Type::INT64:
      return 20;
    default:
      return std::nullopt;
  }
}

bool IsDecimalWidening(const arrow::DataType& from, const arrow::Decimal128Type& to) {
  int precision = 0;
  int scale = 0;
  if (from.id() == Type::DECIMAL128) {
    precision = static_cast<const arrow::Decimal128Type&>(from).precision();
    scale = static_cast<const arrow::Decimal128Type&>(from).scale();
  } else if (const auto digits = DigitsOf(from.id()); digits.has_value()) {
    precision = *digits;
  } else {
    return false;
  }
  const int more_digits = to.precision() - precision;
  const int more_scale = to.scale() - scale;
  return more_digits >= more_scale && more_scale >= 0;
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> SchemaFromJson(std::string_view json,
                                                      const std::string& where) {
  const Reader reader(where);
  const Json parsed = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return reader.Damaged("it is no JSON object");
  ARROW_ASSIGN_OR_RAISE(auto fields, reader.Fields(parsed, "", 0));
  return arrow::schema(std::move(fields));
}

Result<std::string> SchemaToJson(const arrow::Schema& schema) {
  ARROW_ASSIGN_OR_RAISE(const Json json, Writer::Struct(schema.fields(), ""));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string DeltaTypeName(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::BOOL:
      return "boolean";
    case Type::INT8:
      return "byte";
    case Type::INT16:
      return "short";
    case Type::INT32:
      return "integer";
    case Type::INT64:
      return "long";
    case Type::DATE32:
      return "date";
    case Type::NA:
      return "void";
    case Type::STRING:
      return "string";
    case Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
      return "decimal(" + std::to_string(decimal.precision()) + "," +
             std::to_string(decimal.scale()) + ")";
    }
    case Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(type).timezone().empty() ? "timestamp_ntz"
                                                                               : "timestamp";
    case Type::LIST:
      return "array<" + DeltaTypeName(*type.field(0)->type()) + ">";
    case Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return "map<" + DeltaTypeName(*map.key_type()) + ", " + DeltaTypeName(*map.item_type()) + ">";
    }
    case Type::STRUCT:
      return StructName(type);
    default:  // float, double, binary; and for people what is none of Delta's
      return type.ToString();
  }
}

bool IsDeltaWidening(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.Equals(to)) return false;
  const auto among = [&](std::initializer_list<Type::type> ids) {
    return std::find(ids.begin(), ids.end(), from.id()) != ids.end();
  };
  switch (to.id()) {
    case Type::INT16:
      return among({Type::INT8});
    case Type::INT32:
      return among({Type::INT8, Type::INT16});
    case Type::INT64:
      return among({Type::INT8, Type::INT16, Type::INT32});
    case Type::DOUBLE:
      return among({Type::FLOAT, Type::INT8, Type::INT16, Type::INT32});
    case Type::TIMESTAMP:
      return among({Type::DATE32}) && to.Equals(arrow::timestamp(arrow::TimeUnit::MICRO));
    case Type::DECIMAL128:
      return IsDecimalWidening(from, static_cast<const arrow::Decimal128Type&>(to));
    default:
      return false;
  }
}

Result<std::shared_ptr<arrow::Schema>> WithWidenedColumn(
    const arrow::Schema& schema, const std::string& column,
    const std::shared_ptr<arrow::DataType>& to) {
  const int at = schema.GetFieldIndex(column);
  if (at < 0) return DataError("deltalake: the table has no such column: column=" + column);
  const auto& field = schema.field(at);
  if (!IsDeltaWidening(*field->type(), *to)) {
    return DataError("deltalake: Delta cannot widen a column so: column=" + column +
                     " from=" + DeltaTypeName(*field->type()) + " to=" + DeltaTypeName(*to));
  }
  Json metadata = DeltaMetadataOf(*field);
  Json& changes = metadata["delta.typeChanges"];
  if (!changes.is_array()) changes = Json::array();
  Json change = Json::object();
  change["fromType"] = DeltaTypeName(*field->type());
  change["toType"] = DeltaTypeName(*to);
  changes.push_back(std::move(change));
  return schema.SetField(at, WithDeltaMetadata(field->WithType(to), metadata));
}

}  // namespace ampload::deltalake
