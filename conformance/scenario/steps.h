// What happens to a stream, step by step, as text:
//
//   mine 30; after 4; reorg 5 7; committed; crash; disconnect
//
//   mine [NET] N             N new blocks
//   reorg [NET] DEPTH N      the newest DEPTH blocks go, N others come
//   after K                  the server gives K more messages first, fewer where it has no more
//   all                      the server says all that it has to say first
//   committed                and all of that is committed first
//   disconnect               the connection breaks
//   end                      the server ends the stream
//   replay                   the server sends its last whole microbatch again
//   forget                   the server forgets the blocks that were taken back
//   takeover                 another writer takes the pipeline over, and this one starts again
//   crash                    the process is killed
//   remember, restore        the store is copied; the store goes back to the copy, by a crash
//
// NET is "a", "b", ... ; left out: "a".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ampload/status.h"

namespace ampload::conformance {

enum class StepKind {
  kMine,
  kReorg,
  kAfter,
  kAll,
  kCommitted,
  kDisconnect,
  kEnd,
  kReplay,
  kForget,
  kTakeOver,
  kCrash,
  kRemember,
  kRestore,
};

struct Step {
  StepKind kind = StepKind::kAll;
  size_t network = 0;
  uint64_t depth = 0;
  uint64_t count = 0;
  std::string ToString() const;
};

// A configuration error names the step that cannot be read.
Result<std::vector<Step>> ParseSteps(const std::string& text);
std::string ToString(const std::vector<Step>& steps);

}  // namespace ampload::conformance
