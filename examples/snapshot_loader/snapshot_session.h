// One writer's visit to a table of snapshot: rows are kept in memory until the commit.
#pragma once

#include <ampload/write_session.h>

#include "table_file.h"

class SnapshotSession final : public ampload::WriteSession {
 public:
  SnapshotSession(std::filesystem::path folder, ampload::TableSpec spec);

  ampload::Result<ampload::Recovered> Recover(ampload::RecoverMode mode,
                                              const ampload::CallContext& context) override;
  ampload::Status Stage(ampload::StagedBatch batch, const ampload::CallContext& context) override;
  ampload::Status Undo(const ampload::BatchIdSet& batches,
                       const ampload::CallContext& context) override;
  ampload::Status Evolve(const ampload::SchemaChange& change,
                         const ampload::CallContext& context) override;
  ampload::Result<ampload::CommitOutcome> Commit(const ampload::Checkpoint& checkpoint,
                                                 const ampload::CallContext& context) override;
  ampload::Status Abort(const ampload::CallContext& context) override;

 private:
  bool one_off() const { return spec_.pipeline.empty(); }
  ampload::Result<ampload::Recovered> TakeOver(TableFile file);
  ampload::Result<ampload::Recovered> Settle(TableFile file);
  ampload::Result<ampload::CommitOutcome> CommitUnderLock(TableFile file,
                                                          const ampload::Checkpoint& checkpoint);
  ampload::Status ApplyTo(TableFile* file) const;
  void Forget();  // after a commit: what was on its way is there

  std::filesystem::path folder_;
  ampload::TableSpec spec_;
  std::shared_ptr<arrow::Schema> evolved_;  // from the next commit on; else null
  std::string nonce_;                       // this session's own
  ampload::Checkpoint fence_;               // of a pipeline: as this session wrote or read it last
  bool replacing_ = false;                  // the next commit replaces the rows that the table has
  ampload::BatchIdSet undo_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> staged_;
};
