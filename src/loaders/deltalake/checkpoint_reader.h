// Log checkpoints: what they hold (the Delta protocol, "Checkpoints", "Checkpoint Schema"). The
// table's files are by far the most of it, and are read on their own.
//
// All fail for a file that is missing (a permanent failure of the code kCheckpointMissing) or
// damaged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ampload/call_context.h"
#include "lake/object_store.h"
#include "loaders/deltalake/actions.h"

namespace ampload::deltalake {

inline constexpr char kCheckpointMissing[] = "ENOENT";

struct CheckpointHead {
  std::vector<Action> actions;  // all but adds and removes
  bool may_have_files = true;   // adds and removes
  std::optional<int64_t> adds;  // so many, where it says so
};

// What one file of a checkpoint says but for the table's files: Parquet (classic, a part), or JSON
// (V2). Of Parquet only the columns that are needed are read.
Result<CheckpointHead> ReadCheckpointHead(lake::ObjectStore& table, const std::string& path,
                                          const CallContext& context);

struct CheckpointFiles {
  std::vector<AddFile> adds;
  std::vector<RemoveFile> removes;
};

// The table's files that one file of a checkpoint, or a sidecar, tells of. Statistics that are kept
// as columns alone are given as JSON, as far as their types have one.
Result<CheckpointFiles> ReadCheckpointFiles(lake::ObjectStore& table, const std::string& path,
                                            const CallContext& context);

}  // namespace ampload::deltalake
