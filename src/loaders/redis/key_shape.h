// What the keys of one table look like, part by part: tells its rows' keys from others that only
// begin alike. Pure.
//
//   {table}:{block_num}:{hash}      logs : unsigned : 32 bytes, or 0x and 64 hex digits
//   no pattern                      logs : unsigned, or unsigned-unsigned
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"

namespace ampload::redis {

struct TableRecord;

class KeyShape {
 public:
  static Result<KeyShape> Of(const std::string& table, const TableRecord& record);

  // As OpenLoad keeps it: JSON.
  std::string ToText() const;
  static Result<KeyShape> Parse(std::string_view text);

  bool Matches(std::string_view key) const { return MatchesFrom(0, key); }

 private:
  enum class Kind {
    kText,      // `text`
    kUnsigned,  // digits, without a zero in front
    kInteger,   // the same, maybe behind a minus
    kBytes,     // `count` bytes
    kHex,       // 0x and 2 * `count` lower-case hex digits
    kNumber,    // a numbered row's: unsigned, or unsigned-unsigned
    kAny,       // any bytes
  };
  struct Part {
    Kind kind = Kind::kAny;
    std::string text = {};
    int64_t count = 0;
  };

  bool MatchesFrom(size_t part, std::string_view rest) const;

  std::vector<Part> parts_;
};

}  // namespace ampload::redis
