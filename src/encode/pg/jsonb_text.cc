#include "encode/pg/jsonb_text.h"

#include <arrow/extension_type.h>
#include <arrow/type.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "encode/bytes_layout.h"
#include "encode/map_keys.h"

namespace ampload::encode::pg {
namespace {

using arrow::Type;

constexpr std::string_view kNulEscape = "\\u0000";

template <class Layout>
bool AnyNul(const Layout& layout, int64_t length) {
  for (int64_t row = 0; row < length; ++row) {
    const auto size = static_cast<size_t>(layout.length(row));
    if (size > 0 && std::memchr(layout.at(row), 0, size) != nullptr) return true;
  }
  return false;
}

bool IsNegativeZero(double value) { return value == 0 && std::signbit(value); }

template <class Bits>
bool AnyNegativeZero(const arrow::ArrayData& data) {
  constexpr Bits kSign = static_cast<Bits>(Bits{1} << (8 * sizeof(Bits) - 1));
  const Bits* values = data.GetValues<Bits>(1);
  return std::find(values, values + data.length, kSign) != values + data.length;
}

// Behind nulls there may be anything: a suspicion is all that is asked for.
bool AnyInLeaf(const arrow::ArrayData& data) {
  switch (data.type->id()) {
    case Type::STRING:
      return AnyNul(OffsetLayout<int32_t>(data), data.length);
    case Type::LARGE_STRING:
      return AnyNul(OffsetLayout<int64_t>(data), data.length);
    case Type::STRING_VIEW:
      return AnyNul(ViewLayout(data), data.length);
    case Type::HALF_FLOAT:
      return AnyNegativeZero<uint16_t>(data);
    case Type::FLOAT:
      return AnyNegativeZero<uint32_t>(data);
    case Type::DOUBLE:
      return AnyNegativeZero<uint64_t>(data);
    default:
      return false;
  }
}

template <class Layout>
bool AnyTwice(const Layout& keys, const arrow::ArrayData& map) {
  const auto* offsets = map.GetValues<int32_t>(1);
  std::vector<std::string_view> names;
  for (int64_t row = 0; row < map.length; ++row) {
    names.clear();
    for (int64_t i = offsets[row]; i < offsets[row + 1]; ++i) {
      names.emplace_back(reinterpret_cast<const char*>(keys.at(i)),
                         static_cast<size_t>(keys.length(i)));
    }
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) != names.end()) return true;
  }
  return false;
}

// Whether a map has a key twice; true also where its keys are wrapped.
bool AnyKeyTwice(const arrow::ArrayData& map) {
  const auto& entries = *map.child_data[0];
  if (map.length == 0 || entries.length == 0) return false;
  const auto keys = entries.child_data[0]->Slice(entries.offset, entries.length);
  switch (keys->type->id()) {
    case Type::STRING:
      return AnyTwice(OffsetLayout<int32_t>(*keys), map);
    case Type::LARGE_STRING:
      return AnyTwice(OffsetLayout<int64_t>(*keys), map);
    case Type::STRING_VIEW:
      return AnyTwice(ViewLayout(*keys), map);
    default:
      return IsStringType(*keys->type);
  }
}

}  // namespace

bool HasNulEscape(const uint8_t* text, int64_t length) {
  const std::string_view all(reinterpret_cast<const char*>(text), static_cast<size_t>(length));
  for (size_t at = all.find(kNulEscape); at != std::string_view::npos;
       at = all.find(kNulEscape, at + 1)) {
    // Backslashes in front, in pairs, are characters.
    size_t first = at;
    while (first > 0 && all[first - 1] == '\\') --first;
    if ((at - first) % 2 == 0) return true;
  }
  return false;
}

const char* WhyNoJsonb(std::string_view text) {
  if (HasNulEscape(reinterpret_cast<const uint8_t*>(text.data()),
                   static_cast<int64_t>(text.size()))) {
    return kNulInJsonb;
  }
  using Json = nlohmann::json;
  std::vector<std::set<std::string>> open;
  const char* why = nullptr;
  const auto see = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key &&
        !open.back().insert(parsed.get<std::string>()).second) {
      why = "a map has a key twice, of which a jsonb keeps the last alone";
    }
    if (event == Json::parse_event_t::value && parsed.is_number_float() &&
        IsNegativeZero(parsed.get<double>())) {
      why = "a float is negative zero, whose sign a jsonb does not keep";
    }
    return true;
  };
  [[maybe_unused]] const Json whole = Json::parse(text, see, /*allow_exceptions=*/false);
  return why;
}

bool MayBeNoJsonb(const arrow::ArrayData& data) {
  switch (data.type->id()) {
    case Type::EXTENSION: {
      arrow::ArrayData storage = data;
      storage.type = static_cast<const arrow::ExtensionType&>(*data.type).storage_type();
      return MayBeNoJsonb(storage);
    }
    case Type::DICTIONARY:
      return MayBeNoJsonb(*data.dictionary);
    case Type::STRUCT:
      for (const auto& field : data.type->fields()) {
        if (field->name().find('\0') != std::string::npos) return true;
      }
      break;
    case Type::MAP:
      if (AnyKeyTwice(data)) return true;
      break;
    default:
      if (AnyInLeaf(data)) return true;
      break;
  }
  return std::any_of(data.child_data.begin(), data.child_data.end(),
                     [](const auto& child) { return MayBeNoJsonb(*child); });
}

}  // namespace ampload::encode::pg
