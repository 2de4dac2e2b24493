// A commit's rows on their way into data files, grouped so that a reorganisation finds whole files
// to remove: the newest batches, which may still be taken back, each get files of their own; those
// that are final at once share large ones.
//
// The newest rows wait in memory until the commit says which batches are final; older ones go into
// files as soon as the memory is needed. A load that is no stream waits for nothing.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "ampload/batch_id.h"
#include "ampload/call_context.h"
#include "lake/rolling_writer.h"

namespace ampload::deltalake {

// Files and the batches that their rows are of, each row of one; no id where there are too many to
// be told, or where rows are of none.
struct FileGroup {
  std::vector<lake::DataFile> files;
  BatchIdSet batches;
};

class StagedFiles {
 public:
  // `window_bytes`: rows that may wait; 0: none.
  StagedFiles(std::shared_ptr<lake::ObjectStore> table, lake::WriterSettings settings,
              int64_t window_bytes);

  // Rows as the writer takes them.
  Status Add(BatchId batch, std::shared_ptr<arrow::RecordBatch> rows, const CallContext& context);

  // All rows are in durable files when this returns. `undoable`: the batches that a later commit
  // may take back. Once: begin anew for the next commit.
  Result<std::vector<FileGroup>> Finish(const BatchIdSet& undoable, const CallContext& context);

  // Deletes what was written since the last Finish, and forgets what waits.
  void Discard();

  int64_t rows() const { return rows_; }

 private:
  struct Waiting {
    BatchId batch;
    std::shared_ptr<arrow::RecordBatch> rows;
    int64_t bytes = 0;
  };
  Status WriteOldest(const CallContext& context);
  Status Write(const Waiting& one, const CallContext& context);
  Status EndGroup(std::vector<FileGroup>* groups, const CallContext& context);

  std::shared_ptr<lake::ObjectStore> table_;
  lake::WriterSettings settings_;
  int64_t window_bytes_;
  std::unique_ptr<lake::RollingWriter> writer_;  // null before the first row
  std::deque<Waiting> waiting_;
  int64_t waiting_bytes_ = 0;
  int64_t rows_ = 0;
  BatchIdSet group_;                   // batches in the files at hand
  std::vector<std::string> finished_;  // files of groups that ended, should there be no commit
};

}  // namespace ampload::deltalake
