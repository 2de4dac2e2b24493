// A snapshot as a classic log checkpoint of the V1 spec (the Delta protocol, "Checkpoint Schema").
// Pure.
#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "ampload/status.h"
#include "loaders/deltalake/snapshot.h"

namespace ampload::deltalake {

struct CheckpointFile {
  std::shared_ptr<arrow::Buffer> bytes;  // Parquet
  int64_t actions = 0;
  int64_t adds = 0;
};

// `files` are the snapshot's. Tombstones removed before `tombstones_after_ms` are left out. The
// same snapshot makes the same bytes.
Result<CheckpointFile> MakeCheckpoint(const Snapshot& snapshot, const TableFiles& files,
                                      int64_t tombstones_after_ms);

// Does the table want columns in its checkpoints that we do not write
// (delta.checkpoint.writeStatsAsStruct, V2 alone)? Then none is written.
bool CanWriteCheckpoint(const Snapshot& snapshot);

}  // namespace ampload::deltalake
