// What a table remembers of its pipelines.
//
//   log entry     txn{appId: "ampload/<pipeline>", version: epoch << 40 | sequence}: the fence and
//                 the place, in the same entry as the rows
//   _ampload/<pipeline>/<version>.json
//                 the whole checkpoint; written before the entry that makes it current. The name of
//                 the folder is FileNameOf(pipeline); the version has 20 digits
//
// A record may say that the pipeline is removed: an overwrite by another one took its rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/checkpoint.h"
#include "ampload/status.h"
#include "lake/object_store.h"
#include "loaders/deltalake/snapshot.h"

namespace ampload::deltalake {

inline constexpr char kOwnFolder[] = "_ampload";

// A one-off load that is to be remembered leaves txn{appId: "ampload-load/<id>", version: 1}.
inline constexpr std::string_view kLoadPrefix = "ampload-load/";

std::string AppIdOf(const std::string& pipeline);
std::optional<std::string> PipelineOf(const std::string& app_id);  // nullopt: not ours

int64_t TxnVersionOf(const Checkpoint& checkpoint);
Epoch EpochOfTxn(int64_t version);
int64_t SequenceOfTxn(int64_t version);

// A pipeline's record, as a txn makes it current.
struct PipelineRecord {
  Checkpoint checkpoint;
  bool removed = false;
};

std::string RecordPath(const std::string& pipeline, int64_t txn_version);
std::string RecordText(const PipelineRecord& record);

// The code of the failure where a record is missing. Its pipeline may have gone on since the
// snapshot was read, and have deleted it: look at the log again.
inline constexpr char kRecordMissing[] = "ENOENT";

// nullopt: the log has no txn of that pipeline. A permanent failure where its record is missing,
// damaged, or another's.
Result<std::optional<PipelineRecord>> ReadRecord(lake::ObjectStore& table, const Snapshot& snapshot,
                                                 const std::string& pipeline,
                                                 const CallContext& context);

// Every pipeline that is not removed, by name.
Result<std::vector<Checkpoint>> ReadCheckpoints(lake::ObjectStore& table, const Snapshot& snapshot,
                                                const CallContext& context);

// Records that lie there, whether or not the log knows of them: their txn versions, ascending.
Result<std::vector<int64_t>> ListRecords(lake::ObjectStore& table, const std::string& pipeline,
                                         const CallContext& context);

}  // namespace ampload::deltalake
