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

// After a commit: a log checkpoint where one is due, and then the clean-up of entries that are past
// delta.logRetentionDuration, and of temporary files that killed writers left longer ago than
// delta.deletedFileRetentionDuration, a day at least. The commit stands whatever comes of it:
// failures are warned of.
void KeepHouse(lake::ObjectStore& table, Log& log, Snapshot* snapshot,
               const DeltaLakeStorageConfig& config, const CallContext& context);

// "interval 30 days", "interval 1 week", "7 days": in ms; nullopt: not understood.
std::optional<int64_t> ParseInterval(std::string_view text);

}  // namespace ampload::deltalake
