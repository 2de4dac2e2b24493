// The store's side of a stream: what is committed, what is to be undone, what waits, and how the
// three become one commit.
//
//   base (as committed)  -  pending undo  =  kept;   kept  +  waiting  =  the next commit
//
// Used from the thread that runs the stream.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/loader.h"
#include "pipeline/held_batches.h"
#include "pipeline/stream_load.h"

namespace ampload::pipeline {

class StreamStore {
 public:
  using Clock = std::chrono::steady_clock;

  // All three outlive it.
  StreamStore(Loader& loader, const StreamRequest& request, const CallContext& context);

  // Where the pipeline was left, as far as that can be seen without taking its fence.
  Status Look();

  // Where a predecessor left something open, before its commit or behind it, that comes to its end:
  // takes the pipeline's fence for a moment, without rows. False: the store does not know the
  // table's columns, so that only OpenSession can do it.
  Result<bool> EndWhatIsOpen();

  // Takes the pipeline's fence, for rows of this schema. True: nothing was to be done, the session
  // is open and its rows are these. False: the checkpoint was read anew.
  Result<bool> OpenSession(const std::shared_ptr<arrow::Schema>& schema,
                           const CallContext& context);
  const BatchEncoder* encoder() { return session_->encoder(0); }
  int64_t slot() const { return slot_; }
  std::optional<BatchId> last_id() const { return last_id_; }
  void NoteId(BatchId id) { last_id_ = std::max(last_id_, std::optional(id)); }
  bool takes_many_networks() const { return loader_.traits().supports_multi_network; }
  const std::string& loader_type() const { return loader_.loader_type(); }

  // What is committed and not to be undone.
  Checkpoint Kept() const;
  // The same once all that waits is committed.
  Checkpoint KeptWithWaiting() const;

  HeldBatches& held() { return held_; }
  void MarkUndo(const BatchIdSet& batches);

  bool IsDue(Clock::time_point now) const;
  // When it may become due by itself, at most a second ahead.
  Clock::time_point NextDue(Clock::time_point now) const;

  // Undoes what is pending and commits what waits; nothing where there is neither. OK: it is
  // committed, or the store went on from elsewhere (then nothing waits any more). Tries again where
  // that may help, and asks the store where no answer came.
  Status Commit();

  // Commits, and where the batch that is not whole is too large to be held, stages it.
  Status MakeRoom();
  // Parts of the batch at hand are staged.
  bool has_early() const { return early_; }
  // Forgets the batch that is not whole, and takes back what of it is staged.
  Status ForgetUnfinished();

  // The last commit did not take effect: the stream goes on from what the store has. Until the next
  // OpenSession.
  bool went_elsewhere() const { return moved_; }
  bool fenced() const { return fenced_; }
  StreamProgress& progress() { return progress_; }

  // Ends the session.
  void Close() { session_.reset(); }

 private:
  Status TakeOver();
  // May rows with lineage go into the table that is there?
  Status FitLineage();
  Status CheckBelongs(const Checkpoint& checkpoint) const;
  void Adopt(std::optional<Checkpoint> checkpoint);
  Checkpoint NextCheckpoint(const std::vector<HeldBatch>& batches) const;

  Status CommitBatches(std::vector<HeldBatch> batches);
  // Undo and Stage; their failure.
  Status StageAll(std::vector<HeldBatch>& batches);
  Status StageParts(std::vector<StagedBatch> parts);
  Status Judge(const CommitOutcome& outcome, Checkpoint next, int64_t rows, int64_t batches);
  void Committed(Checkpoint next, int64_t batches);
  // After a failed verb: nothing is staged any more, and the stream goes on from what the store
  // has; or the failure, where it does not pass.
  Status GoOnFromStore(const Status& failure);
  // Waits, longer each time that a commit fails. The failure, where that went on for too long.
  Status WaitInTrouble(const Status& failure);
  // Asks until there is an answer. True: the last commit took effect.
  Result<bool> Settle(const std::string& why);
  Status BeFenced(const std::string& by);

  bool one_by_one() const;  // batches must be committed one at a time

  Loader& loader_;
  const StreamRequest& request_;
  const CallContext& context_;
  const std::string fingerprint_;  // of the query
  TableSpec spec_;
  std::unique_ptr<WriteSession> session_;
  Checkpoint base_;
  BatchIdSet pending_;
  std::optional<Clock::time_point> pending_since_;
  HeldBatches held_;
  std::optional<BatchId> last_id_;
  int64_t slot_ = 0;
  base::Patience patience_;  // with commits, since the last one that took effect
  bool early_ = false;
  bool moved_ = false;
  bool fenced_ = false;
  StreamProgress progress_;
};

}  // namespace ampload::pipeline
