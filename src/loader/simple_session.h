// The session of a loader of the simple level: CreateTableFromSchema, ClearTable and LoadBatchImpl
// in the order that a WriteSession asks for.
//
// Rows reach the store at Stage and stay there, Abort or not: commit = none. Each commit creates
// the table, and in overwrite clears it, before its first row, once; also where it has no row.
#pragma once

#include <vector>

#include "ampload/data_loader.h"
#include "ampload/write_session.h"

namespace ampload {

class SimpleSession : public WriteSession {
 public:
  // Refuses what LoadBatchImpl is not told of: upsert, merge, replacing duplicates. `loader`
  // outlives the session.
  static Result<std::unique_ptr<WriteSession>> Make(LoaderFront& loader, const TableSpec& spec);

  Result<Recovered> Recover(RecoverMode mode, const CallContext& context) override;
  Status Stage(StagedBatch batch, const CallContext& context) override;
  std::vector<RejectedRow> TakeRejected() override;
  Status Undo(const BatchIdSet& batches, const CallContext& context) override;
  Status Evolve(const SchemaChange& change, const CallContext& context) override;
  Result<CommitOutcome> Commit(const Checkpoint& checkpoint, const CallContext& context) override;
  Status Abort(const CallContext& context) override;

 private:
  SimpleSession(LoaderFront& loader, const TableSpec& spec) : loader_(loader), spec_(spec) {}

  Status Prepare();
  Status CheckBatch(const StagedBatch& batch) const;
  void WarnOfRowErrors() const;
  void Forget();

  LoaderFront& loader_;
  TableSpec spec_;
  bool prepared_ = false;  // created and cleared for this commit
  int64_t rows_ = 0;       // loaded in this commit
  RowErrors errors_;
};

}  // namespace ampload
