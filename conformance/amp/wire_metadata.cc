#include "conformance/amp/wire_metadata.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "conformance/amp/block_rows.h"

namespace ampload::conformance {
namespace {

using Json = nlohmann::json;

// The chains of tests have no clock; readers pass the field over.
constexpr uint64_t kGenesisSeconds = 1'700'000'000;
constexpr uint64_t kSecondsPerBlock = 12;

}  // namespace

std::string MetadataOf(const ModelMessage& message) {
  Json ranges = Json::array();
  for (const BlockRange& range : message.ranges) {
    ranges.push_back({{"network", range.network},
                      {"numbers", {{"start", range.start.value}, {"end", range.end.value}}},
                      {"hash", range.hash},
                      {"prev_hash", range.prev_hash},
                      {"timestamp", kGenesisSeconds + kSecondsPerBlock * range.end.value}});
  }
  return Json{{"ranges", std::move(ranges)}, {"ranges_complete", message.complete}}.dump();
}

std::optional<StreamCursor> ParseResume(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  StreamCursor cursor;
  for (const auto& [network, position] : json.items()) {
    if (!position.is_object()) return std::nullopt;
    const auto number = position.find("number");
    const auto hash = position.find("hash");
    if (number == position.end() || !number->is_number_unsigned()) return std::nullopt;
    if (hash == position.end() || !hash->is_string()) return std::nullopt;
    const auto& digits = hash->get_ref<const std::string&>();
    if (!digits.starts_with("0x") || !HashBytes(digits).ok()) return std::nullopt;
    cursor[network] = {{number->get<uint64_t>()}, digits};
  }
  return cursor;
}

}  // namespace ampload::conformance
