// What an Amp server says beside a message's rows: which blocks they are of.
//
//   {"ranges": [{"network": "mainnet", "numbers": {"start": 100, "end": 110},
//                "hash": "0x..", "prev_hash": "0x.."}],
//    "ranges_complete": false}
#pragma once

#include <string_view>
#include <vector>

#include "ampload/block_range.h"
#include "ampload/status.h"

namespace ampload::source {

struct AppMetadata {
  std::vector<BlockRange> ranges;
  bool ranges_complete = false;
  friend bool operator==(const AppMetadata&, const AppMetadata&) = default;
};

// The form alone is judged here: what is there, of which type. How the fields of a range agree with
// one another, and one message with the next, is the stream's matter.
//
// Both fields of the message are required, and `network`, `numbers` and `hash` of a range. A
// `prev_hash` that is absent or null is "", and so are zero bytes where start is 0. Hashes may lack
// their 0x and come in any case. Fields that we do not know are ignored at any place, one of ours
// that is given twice is refused, and so is nesting deeper than 64.
//
// A data error says where: "amp: message metadata: ranges[1].numbers.end: expected ...". Takes
// memory for one token and the ranges, whatever the text is. Pure.
Result<AppMetadata> ParseAppMetadata(std::string_view json);

}  // namespace ampload::source
