// What happens to the chains of a server, as a text:
//
//   mine 100; wait-sent 80; reorg 5 7; mine side 3; sleep 200; disconnect; end
//
//   mine [NETWORK] COUNT           the chain grows
//   reorg [NETWORK] DEPTH COUNT    its newest DEPTH blocks are replaced by COUNT others
//   wait-sent [NETWORK] BLOCK      until a range that ends at or after BLOCK was sent completely
//   sleep MS
//   disconnect                     breaks every stream that is open
//   end                            ends every stream that is open, properly
//   down MS                        the server goes away, and comes back on the same port
//
// Steps are parted by `;` or by lines; what follows `#` on a line is a comment. NETWORK is the
// first network where it is left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"

namespace ampload::conformance {

enum class ChainVerb { kMine, kReorg, kWaitSent, kSleep, kDisconnect, kEnd, kDown };

struct ChainStep {
  ChainVerb verb = ChainVerb::kMine;
  std::string network;            // empty: the first
  std::vector<uint64_t> numbers;  // as many as the verb takes
  std::string text;               // as it was written, for messages
};

// A configuration error says which step is wrong and what the verb takes.
Result<std::vector<ChainStep>> ParseChainScript(std::string_view text);

}  // namespace ampload::conformance
