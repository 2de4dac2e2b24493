#include "encode/scalar_to_msgpack.h"

#include <bit>
#include <charconv>
#include <limits>
#include <optional>

#include "base/hex.h"
#include "encode/msgpack_append.h"

namespace ampload::encode {
namespace {

// All of the text, or nothing.
template <class T>
std::optional<T> Parse(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class T>
std::optional<T> ParseFloat(std::string_view text, const FloatWords& words) {
  if (text == words.nan) return std::numeric_limits<T>::quiet_NaN();
  if (text == words.infinity) return std::numeric_limits<T>::infinity();
  if (text == words.minus_infinity) return -std::numeric_limits<T>::infinity();
  // from_chars knows other words.
  if (text.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return std::nullopt;
  return Parse<T>(text);
}

}  // namespace

Status RefuseText(std::string_view what, const std::string& path) {
  return DataError(std::string(what) + (path.empty() ? "" : ": column=" + path));
}

void AppendNil(std::string* out) { out->push_back(static_cast<char>(msgpack::kNil)); }

void AppendBool(bool value, std::string* out) {
  out->push_back(static_cast<char>(value ? msgpack::kTrue : msgpack::kFalse));
}

void AppendStr(std::string_view text, std::string* out) {
  AppendSpan<msgpack::Span::kStr>(out, text);
}

void AppendBinary(std::string_view bytes, std::string* out) {
  AppendSpan<msgpack::Span::kBin>(out, bytes);
}

Status AppendInteger(std::string_view digits, const std::string& path, std::string* out) {
  if (const auto negative = Parse<int64_t>(digits); negative && *negative < 0) {
    AppendPut(out, 9, [&](uint8_t* at) { return msgpack::PutInt(at, *negative); });
    return Status::OK();
  }
  const auto value = Parse<uint64_t>(digits == "-0" ? "0" : digits);
  if (!value) return RefuseText("not an integer of at most 64 bits", path);
  AppendPut(out, 9, [&](uint8_t* at) { return msgpack::PutUint(at, *value); });
  return Status::OK();
}

Status AppendHexBinary(std::string_view text, const std::string& path, std::string* out) {
  if (text.starts_with("0x")) {
    const auto bytes = base::FromHex(text.substr(2));
    if (bytes.ok()) {
      AppendBinary(*bytes, out);
      return Status::OK();
    }
  }
  return RefuseText("not a binary as 0x and hex digits", path);
}

Status AppendFloat(const arrow::DataType& type, std::string_view text, const FloatWords& words,
                   const std::string& path, std::string* out) {
  if (type.id() == arrow::Type::DOUBLE) {
    const auto value = ParseFloat<double>(text, words);
    if (!value) return RefuseText("not a float", path);
    AppendPut(out, 9, [&](uint8_t* at) {
      return msgpack::PutTagged(at, msgpack::kFloat64, std::bit_cast<uint64_t>(*value));
    });
    return Status::OK();
  }
  const auto value = ParseFloat<float>(text, words);
  if (!value) return RefuseText("not a float", path);
  AppendPut(out, 5, [&](uint8_t* at) {
    return msgpack::PutTagged(at, msgpack::kFloat32, std::bit_cast<uint32_t>(*value));
  });
  return Status::OK();
}

}  // namespace ampload::encode
