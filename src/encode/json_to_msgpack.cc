#include "encode/json_to_msgpack.h"

#include <arrow/type_traits.h>

#include "encode/map_keys.h"
#include "encode/msgpack_append.h"
#include "encode/scalar_to_msgpack.h"

namespace ampload::encode {
namespace {

using Kind = JsonTokens::Kind;
using Token = JsonTokens::Token;

}  // namespace

JsonToMsgpack::JsonToMsgpack(arrow::FieldVector columns) : columns_(std::move(columns)) {}

Status JsonToMsgpack::Convert(std::string_view json, std::string* out) {
  ARROW_RETURN_NOT_OK(tokens_.Parse(json));
  place_ = 0;
  out_ = out;
  if (tokens_[0].kind != Kind::kObject) return DataError("the row is not a JSON object");
  return Object(columns_, "");
}

Status JsonToMsgpack::ConvertValue(const arrow::DataType& type, std::string_view json,
                                   const std::string& path, std::string* out) {
  const Status parsed = tokens_.Parse(json);
  if (!parsed.ok()) return RefuseText(MessageOf(parsed), path);
  place_ = 0;
  out_ = out;
  return Value(type, path);
}

Status JsonToMsgpack::Number(const arrow::DataType& type, const std::string& path) {
  const Token& token = Take();
  const std::string_view text = tokens_.text(token);
  if (arrow::is_integer(type.id())) {
    if (token.kind != Kind::kNumber) return RefuseText("not an integer", path);
    return AppendInteger(text, path, out_);
  }
  // What is no number in JSON is a string.
  const bool is_word = token.kind == Kind::kString && kJsonFloatWords.Has(text);
  if (token.kind != Kind::kNumber && !is_word) return RefuseText("not a float", path);
  return AppendFloat(type, text, kJsonFloatWords, path, out_);
}

Status JsonToMsgpack::Binary(const std::string& path) {
  const Token& token = Take();
  if (token.kind == Kind::kString) return AppendHexBinary(tokens_.text(token), path, out_);
  return RefuseText("not a binary as 0x and hex digits", path);
}

Status JsonToMsgpack::List(const arrow::DataType& item, const std::string& path) {
  const Token& token = Take();
  if (token.kind != Kind::kArray) return RefuseText("not an array", path);
  const size_t count = token.count;
  AppendGroup<msgpack::Group::kArray>(out_, count);
  for (size_t i = 0; i < count; ++i) ARROW_RETURN_NOT_OK(Value(item, path + "[]"));
  return Status::OK();
}

Status JsonToMsgpack::Object(const arrow::FieldVector& fields, const std::string& path) {
  const Token& token = Take();
  if (token.kind != Kind::kObject) return RefuseText("not an object", path);
  // Fields mostly come in their order: the search begins behind the one before.
  size_t expected = 0;
  const auto find = [&](std::string_view name) -> const arrow::Field* {
    for (size_t i = 0; i < fields.size(); ++i) {
      const size_t at = (expected + i) % fields.size();
      if (fields[at]->name() != name) continue;
      expected = at + 1;
      return fields[at].get();
    }
    return nullptr;
  };
  const size_t begin = place_;
  const size_t end = token.next;
  size_t known = 0;
  for (size_t at = begin; at < end; at = tokens_[at + 1].next) {
    known += find(tokens_.text(tokens_[at])) != nullptr;
  }
  AppendGroup<msgpack::Group::kMap>(out_, known);
  while (place_ < end) {
    const std::string_view name = tokens_.text(Take());
    const arrow::Field* field = find(name);
    if (field == nullptr) {
      place_ = tokens_[place_].next;
      continue;
    }
    AppendStr(name, out_);
    ARROW_RETURN_NOT_OK(
        Value(*field->type(), path.empty() ? field->name() : path + "." + field->name()));
  }
  return Status::OK();
}

Status JsonToMsgpack::Map(const arrow::MapType& type, const std::string& path) {
  const Token& token = Take();
  const size_t count = token.count;
  const bool is_object = IsStringType(*type.key_type());
  if (token.kind != (is_object ? Kind::kObject : Kind::kArray)) {
    return RefuseText(is_object ? "not an object" : "not an array of pairs", path);
  }
  AppendGroup<msgpack::Group::kMap>(out_, count);
  for (size_t i = 0; i < count; ++i) {
    if (!is_object) {
      const Token& pair = Take();
      if (pair.kind != Kind::kArray || pair.count != 2) {
        return RefuseText("not a pair of a key and a value", path);
      }
    }
    ARROW_RETURN_NOT_OK(Value(*type.key_type(), path + ".key"));
    ARROW_RETURN_NOT_OK(Value(*type.item_type(), path + ".value"));
  }
  return Status::OK();
}

Status JsonToMsgpack::Value(const arrow::DataType& type, const std::string& path) {
  using arrow::Type;
  const Kind kind = tokens_[place_].kind;
  if (kind == Kind::kNull) {
    Take();
    AppendNil(out_);
    return Status::OK();
  }
  if (arrow::is_numeric(type.id()) || type.id() == Type::HALF_FLOAT) return Number(type, path);
  switch (type.id()) {
    case Type::NA:
      return RefuseText("a value, not null", path);
    case Type::BOOL:
      if (kind != Kind::kTrue && kind != Kind::kFalse) return RefuseText("not a bool", path);
      Take();
      AppendBool(kind == Kind::kTrue, out_);
      return Status::OK();
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
    case Type::FIXED_SIZE_BINARY:
      return Binary(path);
    case Type::STRUCT:
      return Object(type.fields(), path);
    case Type::MAP:
      return Map(static_cast<const arrow::MapType&>(type), path);
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW:
    case Type::FIXED_SIZE_LIST:
      return List(*type.field(0)->type(), path);
    default:  // strings, and what is written as one
      if (kind != Kind::kString) return RefuseText("not a string", path);
      AppendStr(tokens_.text(Take()), out_);
      return Status::OK();
  }
}

}  // namespace ampload::encode
