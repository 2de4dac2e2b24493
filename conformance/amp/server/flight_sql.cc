#include "conformance/amp/server/flight_sql.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace ampload::conformance {
namespace {

constexpr std::string_view kStatementQuery =
    "type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery";

std::optional<uint64_t> TakeVarint(std::string_view& bytes) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

// The length-delimited fields of a message by number, the last of each; nullopt where the bytes are
// no message of such fields alone.
std::optional<std::map<uint64_t, std::string_view>> FieldsOf(std::string_view bytes) {
  std::map<uint64_t, std::string_view> fields;
  while (!bytes.empty()) {
    const auto tag = TakeVarint(bytes);
    if (!tag || (*tag & 7) != 2) return std::nullopt;
    const auto length = TakeVarint(bytes);
    if (!length || *length > bytes.size()) return std::nullopt;
    fields[*tag >> 3] = bytes.substr(0, *length);
    bytes.remove_prefix(*length);
  }
  return fields;
}

}  // namespace

Result<std::string> DecodeStatementQuery(std::string_view command) {
  const auto any = FieldsOf(command);
  if (!any) return ConfigurationError("server: the command is no protobuf Any");
  const auto type = any->find(1);
  if (type == any->end() || type->second != kStatementQuery) {
    return ConfigurationError("server: the command is no CommandStatementQuery");
  }
  const auto value = any->find(2);
  const auto fields = FieldsOf(value == any->end() ? std::string_view() : value->second);
  if (!fields || !fields->contains(1)) {
    return ConfigurationError("server: the CommandStatementQuery has no query");
  }
  return std::string(fields->at(1));
}

bool AsksForStream(std::string_view query) {
  std::vector<std::string> words;
  bool inside = false;  // a word
  for (const char letter : query) {
    const auto byte = static_cast<unsigned char>(letter);
    if (std::isalnum(byte) != 0 || letter == '_') {
      if (!inside) words.emplace_back();
      words.back() += static_cast<char>(std::tolower(byte));
      inside = true;
      continue;
    }
    inside = false;
    if (letter == '=') words.emplace_back("=");
  }
  static const std::vector<std::string> kSetting = {"settings", "stream", "=", "true"};
  return std::search(words.begin(), words.end(), kSetting.begin(), kSetting.end()) != words.end();
}

}  // namespace ampload::conformance
