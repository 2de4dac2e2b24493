#include "loaders/redis/key_shape.h"

#include <arrow/type_traits.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "encode/key_pattern.h"
#include "encode/plain_column.h"
#include "loaders/redis/catalog.h"

namespace ampload::redis {
namespace {

using Json = nlohmann::json;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); }

// How many bytes of a number `text` begins with; 0: none. "0" is one, "01" only its zero.
size_t UnsignedAt(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && IsDigit(text[end])) ++end;
  return end > 1 && text[0] == '0' ? 1 : end;
}

size_t NumberAt(std::string_view text) {
  const size_t first = UnsignedAt(text);
  if (first == 0 || first == text.size() || text[first] != '-') return first;
  const size_t second = UnsignedAt(text.substr(first + 1));
  return second == 0 ? first : first + 1 + second;
}

size_t IntegerAt(std::string_view text) {
  if (!text.starts_with('-')) return UnsignedAt(text);
  const size_t digits = UnsignedAt(text.substr(1));
  return digits == 0 ? 0 : digits + 1;
}

size_t HexAt(std::string_view text, int64_t bytes) {
  const size_t size = 2 + 2 * static_cast<size_t>(bytes);
  if (text.size() < size || !text.starts_with("0x")) return 0;
  const auto digits = text.substr(2, size - 2);
  return std::all_of(digits.begin(), digits.end(), IsHexDigit) ? size : 0;
}

}  // namespace

Result<KeyShape> KeyShape::Of(const std::string& table, const TableRecord& record) {
  KeyShape shape;
  if (record.key_pattern.empty()) {
    shape.parts_ = {{Kind::kText, table + ":"}, {Kind::kNumber}};
    return shape;
  }
  ARROW_ASSIGN_OR_RAISE(const auto parts, encode::SplitPattern(record.key_pattern, table));
  for (const auto& part : parts) {
    if (!part.is_column) {
      shape.parts_.push_back({Kind::kText, part.text});
      continue;
    }
    Part made;
    // A column that is not stored is not in the schema.
    if (const auto field = record.schema->GetFieldByName(part.text); field != nullptr) {
      const auto type = encode::PlainType(field->type());
      if (arrow::is_integer(type->id())) {
        made.kind = arrow::is_unsigned_integer(type->id()) ? Kind::kUnsigned : Kind::kInteger;
      } else if (type->id() == arrow::Type::FIXED_SIZE_BINARY) {
        made.kind = record.binary == encode::BinaryText::kHex ? Kind::kHex : Kind::kBytes;
        made.count = static_cast<const arrow::FixedSizeBinaryType&>(*type).byte_width();
      }
    }
    shape.parts_.push_back(std::move(made));
  }
  return shape;
}

bool KeyShape::MatchesFrom(size_t part, std::string_view rest) const {
  if (part == parts_.size()) return rest.empty();
  const auto& one = parts_[part];
  size_t taken = 0;
  switch (one.kind) {
    case Kind::kText:
      return rest.starts_with(one.text) && MatchesFrom(part + 1, rest.substr(one.text.size()));
    case Kind::kBytes:
      taken = static_cast<size_t>(one.count);
      return rest.size() >= taken && MatchesFrom(part + 1, rest.substr(taken));
    case Kind::kUnsigned:
      taken = UnsignedAt(rest);
      break;
    case Kind::kInteger:
      taken = IntegerAt(rest);
      break;
    case Kind::kHex:
      taken = HexAt(rest, one.count);
      break;
    case Kind::kNumber:
      taken = NumberAt(rest);
      break;
    case Kind::kAny:
      if (part + 1 == parts_.size()) return true;
      for (size_t end = 0; end <= rest.size(); ++end) {
        if (MatchesFrom(part + 1, rest.substr(end))) return true;
      }
      return false;
  }
  // Two numbers side by side may be cut anywhere.
  const bool meets_a_number = part + 1 < parts_.size() && parts_[part + 1].kind != Kind::kText;
  for (size_t end = taken; end > 0; --end) {
    if (MatchesFrom(part + 1, rest.substr(end))) return true;
    if (!meets_a_number) break;
  }
  return false;
}

std::string KeyShape::ToText() const {
  auto json = Json::array();
  for (const auto& part : parts_) {
    // Texts may hold any bytes.
    json.push_back({static_cast<int>(part.kind), base::ToHex(part.text), part.count});
  }
  return json.dump();
}

Result<KeyShape> KeyShape::Parse(std::string_view text) {
  const auto damaged = [&] {
    return PermanentError("redis: a record of what a table's keys look like is damaged: record=" +
                          std::string(text));
  };
  KeyShape shape;
  try {
    for (const auto& part : Json::parse(text)) {
      const int kind = part.at(0).get<int>();
      if (kind < 0 || kind > static_cast<int>(Kind::kAny)) return damaged();
      const auto bytes = base::FromHex(part.at(1).get<std::string>());
      if (!bytes.ok()) return damaged();
      shape.parts_.push_back({static_cast<Kind>(kind), *bytes, part.at(2).get<int64_t>()});
    }
  } catch (const Json::exception&) {
    return damaged();
  }
  return shape;
}

}  // namespace ampload::redis
