// Which files of a log make a version: a checkpoint, and the entries after it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ampload/call_context.h"
#include "lake/object_store.h"

namespace ampload::deltalake {

struct LogSegment {
  int64_t version = -1;                       // -1: there is no log
  std::optional<int64_t> checkpoint;          // its version
  std::vector<std::string> checkpoint_files;  // one; or the parts in their order
  std::vector<int64_t> entries;               // versions after the checkpoint, without a gap
};

// The segment of that version, or of the newest one. Permanent failures: entries that are missing
// between others, or before the first with no checkpoint; a table folder that has files but no log.
// A configuration error: the log does not hold that version.
Result<LogSegment> FindSegment(lake::ObjectStore& table, std::optional<int64_t> at,
                               const CallContext& context);

// The newest checkpoint, as _last_checkpoint has it. But a hint: where it is damaged or gone, none.
Result<std::optional<int64_t>> HintedCheckpoint(lake::ObjectStore& table,
                                                const CallContext& context);

}  // namespace ampload::deltalake
