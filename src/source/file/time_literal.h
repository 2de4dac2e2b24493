// Dates and times as people write them (RFC 3339), exactly.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ampload::source {

// YYYY-MM-DD as days since 1970-01-01; nullopt where it is no date.
std::optional<int64_t> ParseDate(std::string_view text);

// HH:MM:SS with up to nine digits of fraction, as nanoseconds since midnight; no leap second.
std::optional<int64_t> ParseTimeOfDay(std::string_view text);

struct ParsedTimestamp {
  int64_t seconds = 0;      // since 1970-01-01T00:00:00, in UTC where has_zone
  int32_t nanoseconds = 0;  // 0 to 999,999,999
  bool has_zone = false;    // Z or +hh:mm was written
};

// A date, then T or a space, a time and maybe a zone.
std::optional<ParsedTimestamp> ParseTimestamp(std::string_view text);

}  // namespace ampload::source
