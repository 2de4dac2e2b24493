// A pipeline's fence: what a session writes beside the engine's part of a checkpoint, and what it
// makes of the one that it finds. The same for every store. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ampload/checkpoint.h"
#include "ampload/status.h"
#include "ampload/write_session.h"

namespace ampload {

// The checkpoint that a commit writes: `from_engine` under the fence, one sequence on.
Checkpoint UnderFence(const Checkpoint& from_engine, const Checkpoint& fence,
                      std::string table_identity);

// Before a session writes or commits: OK while the store still has `mine`, which this session
// wrote. Else a conflict, and `refusal` is what a commit then returns: see RefusalOf, also for
// `store` and `now`. `where` ends messages: ": table=logs".
Status CheckFence(std::string_view loader, std::string_view store, const Checkpoint& mine,
                  const std::optional<Checkpoint>& now, const std::string& where,
                  std::optional<CommitOutcome>* refusal);

// What a commit returns where the store has `now` (nullopt: nothing) instead of `mine`: Fenced by a
// session that took over, or Conflict with a store that went back. `store` is in words: "the
// server".
CommitOutcome RefusalOf(std::string_view store, const Checkpoint& mine,
                        const std::optional<Checkpoint>& now);

// Recover(kSettle): what the store's checkpoint says to the session that wrote `mine`: kFenced,
// kCommitted, kNotCommitted or kWentBack. A permanent failure where the store went back behind this
// session's take-over. `where` ends messages: ": table=logs".
Result<RecoverFinding> CompareWithFence(std::string_view loader, const Checkpoint& mine,
                                        const Checkpoint& now, const std::string& where);

}  // namespace ampload
