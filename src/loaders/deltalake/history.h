// A table's versions, as `ampload history` shows them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/loader.h"
#include "lake/object_store.h"
#include "loaders/deltalake/log.h"

namespace ampload::deltalake {

// The newest versions, at most `limit`. A configuration error where there is no table.
Result<std::vector<HistoryEntry>> ReadTableHistory(const std::shared_ptr<lake::ObjectStore>& table,
                                                   int64_t limit, const CallContext& context);

// One of them: commit info, which is free-form, as far as it can be read. Pure.
HistoryEntry HistoryEntryOf(const Log::HistoryLine& line);

}  // namespace ampload::deltalake
