// What a writer does for its table's log now and then: checkpoints, and the end of old entries.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ampload/call_context.h"
#include "lake/object_store.h"
#include "loaders/deltalake/deltalake_config.h"
#include "loaders/deltalake/log.h"
#include "loaders/deltalake/snapshot.h"

namespace ampload::deltalake {

// After an entry was put: a log checkpoint where the last one, of whichever writer, is so many
// versions ago, and then the clean-up of entries that are past delta.logRetentionDuration, and of
// temporary files that killed writers left longer ago than delta.deletedFileRetentionDuration, a
// day at least. Of a duration that is set but not understood nothing is old enough. The commit
// stands whatever comes of it: failures are warned of. True: the snapshot's files are out of
// memory.
bool KeepHouse(lake::ObjectStore& table, Log& log, Snapshot* snapshot,
               const DeltaLakeStorageConfig& config, const CallContext& context);

// "interval 30 days", "INTERVAL 1 WEEK", "7 days": in ms; nullopt: not understood.
std::optional<int64_t> ParseInterval(std::string_view written);

}  // namespace ampload::deltalake
