#include "encode/json_to_msgpack.h"

#include <arrow/type_traits.h>

#include <bit>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "base/hex.h"
#include "encode/map_keys.h"
#include "encode/msgpack_bytes.h"

namespace ampload::encode {
namespace {

using Kind = JsonTokens::Kind;
using Token = JsonTokens::Token;

Status Refuse(std::string_view what, const std::string& path) {
  return DataError(std::string(what) + (path.empty() ? "" : ": column=" + path));
}

// Calls put(at), which writes at most `most` bytes and returns the end.
template <class Put>
void Append(std::string* out, size_t most, Put&& put) {
  const size_t before = out->size();
  out->resize(before + most);
  auto* at = reinterpret_cast<uint8_t*>(out->data()) + before;
  out->resize(before + static_cast<size_t>(put(at) - at));
}

void AppendByte(std::string* out, uint8_t byte) { out->push_back(static_cast<char>(byte)); }

template <msgpack::Span kSpan>
void AppendSpan(std::string* out, std::string_view bytes) {
  Append(out, 5, [&](uint8_t* at) {
    return msgpack::PutSpanHeader<kSpan>(at, static_cast<int64_t>(bytes.size()));
  });
  out->append(bytes);
}

template <msgpack::Group kGroup>
void AppendGroup(std::string* out, size_t count) {
  Append(out, 5, [&](uint8_t* at) {
    return msgpack::PutGroupHeader<kGroup>(at, static_cast<int64_t>(count));
  });
}

// All of the text, or nothing.
template <class T>
std::optional<T> Parse(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A number, or the string of what is no number in JSON.
template <class T>
std::optional<T> ParseFloat(Kind kind, std::string_view text) {
  if (kind == Kind::kNumber) return Parse<T>(text);
  if (kind != Kind::kString) return std::nullopt;
  if (text == "NaN") return std::numeric_limits<T>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<T>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<T>::infinity();
  return std::nullopt;
}

}  // namespace

JsonToMsgpack::JsonToMsgpack(arrow::FieldVector columns) : columns_(std::move(columns)) {}

Status JsonToMsgpack::Convert(std::string_view json, std::string* out) {
  ARROW_RETURN_NOT_OK(tokens_.Parse(json));
  place_ = 0;
  out_ = out;
  if (tokens_[0].kind != Kind::kObject) return DataError("the row is not a JSON object");
  return Object(columns_, "");
}

Status JsonToMsgpack::Number(const arrow::DataType& type, const std::string& path) {
  const Token& token = Take();
  const std::string_view text = tokens_.text(token);
  if (arrow::is_integer(type.id())) {
    if (token.kind != Kind::kNumber) return Refuse("not an integer", path);
    if (const auto negative = Parse<int64_t>(text); negative && *negative < 0) {
      Append(out_, 9, [&](uint8_t* at) { return msgpack::PutInt(at, *negative); });
      return Status::OK();
    }
    const auto value = Parse<uint64_t>(text == "-0" ? "0" : text);
    if (!value) return Refuse("not an integer of at most 64 bits", path);
    Append(out_, 9, [&](uint8_t* at) { return msgpack::PutUint(at, *value); });
    return Status::OK();
  }
  if (type.id() == arrow::Type::DOUBLE) {
    const auto value = ParseFloat<double>(token.kind, text);
    if (!value) return Refuse("not a float", path);
    Append(out_, 9, [&](uint8_t* at) {
      return msgpack::PutTagged(at, msgpack::kFloat64, std::bit_cast<uint64_t>(*value));
    });
    return Status::OK();
  }
  const auto value = ParseFloat<float>(token.kind, text);
  if (!value) return Refuse("not a float", path);
  Append(out_, 5, [&](uint8_t* at) {
    return msgpack::PutTagged(at, msgpack::kFloat32, std::bit_cast<uint32_t>(*value));
  });
  return Status::OK();
}

Status JsonToMsgpack::Binary(const std::string& path) {
  const Token& token = Take();
  std::string_view text = tokens_.text(token);
  if (token.kind != Kind::kString || !text.starts_with("0x")) {
    return Refuse("not a binary as 0x and hex digits", path);
  }
  text.remove_prefix(2);
  const auto bytes = base::FromHex(text);
  if (!bytes.ok()) return Refuse("not a binary as 0x and hex digits", path);
  AppendSpan<msgpack::Span::kBin>(out_, *bytes);
  return Status::OK();
}

Status JsonToMsgpack::List(const arrow::DataType& item, const std::string& path) {
  const Token& token = Take();
  if (token.kind != Kind::kArray) return Refuse("not an array", path);
  const size_t count = token.count;
  AppendGroup<msgpack::Group::kArray>(out_, count);
  for (size_t i = 0; i < count; ++i) ARROW_RETURN_NOT_OK(Value(item, path + "[]"));
  return Status::OK();
}

Status JsonToMsgpack::Object(const arrow::FieldVector& fields, const std::string& path) {
  const Token& token = Take();
  if (token.kind != Kind::kObject) return Refuse("not an object", path);
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
    AppendSpan<msgpack::Span::kStr>(out_, name);
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
    return Refuse(is_object ? "not an object" : "not an array of pairs", path);
  }
  AppendGroup<msgpack::Group::kMap>(out_, count);
  for (size_t i = 0; i < count; ++i) {
    if (!is_object) {
      const Token& pair = Take();
      if (pair.kind != Kind::kArray || pair.count != 2) {
        return Refuse("not a pair of a key and a value", path);
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
    AppendByte(out_, msgpack::kNil);
    return Status::OK();
  }
  if (arrow::is_numeric(type.id()) || type.id() == Type::HALF_FLOAT) return Number(type, path);
  switch (type.id()) {
    case Type::NA:
      return Refuse("a value, not null", path);
    case Type::BOOL:
      if (kind != Kind::kTrue && kind != Kind::kFalse) return Refuse("not a bool", path);
      Take();
      AppendByte(out_, kind == Kind::kTrue ? msgpack::kTrue : msgpack::kFalse);
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
      if (kind != Kind::kString) return Refuse("not a string", path);
      AppendSpan<msgpack::Span::kStr>(out_, tokens_.text(Take()));
      return Status::OK();
  }
}

}  // namespace ampload::encode
