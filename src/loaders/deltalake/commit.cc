// The session's commit: files, record, entry; and what is done where others were faster.
#include <algorithm>
#include <chrono>
#include <utility>

#include "ampload/fault_point.h"
#include "ampload/log.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/random.h"
#include "loader/fence.h"
#include "loaders/deltalake/commit_info.h"
#include "loaders/deltalake/features.h"
#include "loaders/deltalake/house_keeping.h"
#include "loaders/deltalake/session.h"

namespace ampload::deltalake {
namespace {

// Who has just read the log looks for the record that it told of then.
constexpr size_t kRecordsKept = 16;

// Not those that an OPTIMIZE has put into other files.
bool RemovesRows(const std::vector<Action>& actions) {
  return std::any_of(actions.begin(), actions.end(), [](const Action& one) {
    const auto* remove = std::get_if<RemoveFile>(&one);
    return remove != nullptr && remove->data_change;
  });
}

}  // namespace

Result<CommitOutcome> DeltaSession::Commit(const Checkpoint& checkpoint,
                                           const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(context.Check());
  if (committed_) {
    return ConfigurationError("deltalake: a one-off load has one commit; open another session" +
                              At());
  }
  ARROW_RETURN_NOT_OK(FinishFiles(checkpoint, context));
  txn_id_ = base::RandomNonce();
  base::Patience patience(
      {.first = std::chrono::milliseconds(5), .ceiling = std::chrono::milliseconds(1000)},
      std::chrono::milliseconds(config_.commit_retry_for));
  const auto began = base::Patience::Clock::now();
  for (;;) {
    auto outcome = TryCommit(checkpoint, context);
    if (!outcome.ok() && KindOf(outcome.status()) == FailureKind::kConflict) {
      // Who changed the table may have taken over, too.
      if (auto fenced = one_off() ? std::nullopt : WhoTookOver(context)) return *fenced;
      ARROW_RETURN_NOT_OK(Abort(CallContext{}));
      return CommitOutcome(Conflict{MessageOf(outcome.status())});
    }
    if (!outcome.ok()) return outcome.status();
    if (outcome->has_value()) return **std::move(outcome);
    ARROW_ASSIGN_OR_RAISE(
        const auto wait,
        patience.AfterFailure(
            TransientError("deltalake: other writers keep adding to the log; try again" + At()),
            began));
    base::WaitFor(wait, context.stop);
    ARROW_RETURN_NOT_OK(context.Check());
  }
}

Status DeltaSession::FinishFiles(const Checkpoint& checkpoint, const CallContext& context) {
  if (staged_ == nullptr || staged_rows_ == 0) return Status::OK();
  BatchIdSet undoable;
  for (const auto& entry : checkpoint.ladder) undoable.insert(entry.batch);
  ARROW_ASSIGN_OR_RAISE(auto groups, staged_->Finish(undoable, context));
  AMPLOAD_FAULT_POINT("deltalake.files.written");
  for (auto& group : groups) {
    if (!spec_.streaming) group.batches.clear();  // the rows do not say them
    for (const auto& file : group.files) files_.push_back(file.path);
    const auto adds = form_->Adds(group);
    adds_.insert(adds_.end(), adds.begin(), adds.end());
  }
  return Status::OK();
}

// nullopt: another entry was first, and does not stand in the way.
Result<std::optional<CommitOutcome>> DeltaSession::TryCommit(const Checkpoint& checkpoint,
                                                             const CallContext& context) {
  if (!one_off()) {
    ARROW_ASSIGN_OR_RAISE(auto refusal, CheckFence(context));
    if (refusal.has_value()) return refusal;
    ARROW_RETURN_NOT_OK(CheckRows(context));
  }
  ARROW_ASSIGN_OR_RAISE(auto found, ActionsOfCommit(context));
  if (!found.has_value()) {
    ARROW_RETURN_NOT_OK(CatchUp(context));
    return std::nullopt;
  }
  auto& actions = *found;
  if (!one_off()) {
    ARROW_RETURN_NOT_OK(AddPipelineActions(checkpoint, &actions, context));
  } else if (remember_load_) {
    actions.emplace_back(Txn{std::string(kLoadPrefix) + nonce_, 1, base::NowMs()});
  }
  if (actions.empty()) {  // a load of no rows into a table that is there
    AfterCommit(context);
    return CommitOutcome(Committed{0});
  }
  ARROW_RETURN_NOT_OK(PutInfoFirst(&actions, "", txn_id_, context));
  AMPLOAD_FAULT_POINT("deltalake.commit.before");
  ARROW_RETURN_NOT_OK(CheckFiles(context));
  if (AMPLOAD_REPLY_LOST("deltalake.commit.send")) {
    unknown_ = snapshot_.version + 1;
    return CommitOutcome(Unknown{"the commit was lost on its way"});
  }
  ARROW_ASSIGN_OR_RAISE(const auto outcome, PutEntry(actions, context));
  AMPLOAD_FAULT_POINT("deltalake.commit.after");
  if (outcome == lake::PutOutcome::kWritten && AMPLOAD_REPLY_LOST("deltalake.commit.reply")) {
    unknown_ = snapshot_.version;
    return CommitOutcome(Unknown{"the commit's reply was lost"});
  }
  switch (outcome) {
    case lake::PutOutcome::kWritten: {
      const Committed committed{staged_rows_};
      AfterCommit(context);
      return CommitOutcome(committed);
    }
    case lake::PutOutcome::kUnknown:
      return CommitOutcome(Unknown{"the store gave no answer to the commit"});
    case lake::PutOutcome::kExists:
      break;
  }
  ARROW_RETURN_NOT_OK(CatchUp(context));
  return std::nullopt;
}

// Is the pipeline's place in the log still the one that this session has put there?
Result<std::optional<CommitOutcome>> DeltaSession::CheckFence(const CallContext& context) {
  const auto txn = snapshot_.txns.find(AppIdOf(spec_.pipeline));
  if (txn != snapshot_.txns.end()) {
    const int64_t version = txn->second.version;
    const bool same_epoch = EpochOfTxn(version) == fence_->epoch;
    const bool same_sequence = SequenceOfTxn(version) == fence_->sequence;
    if ((same_epoch || !AMPLOAD_SAFEGUARD("fence")) &&
        (same_sequence || !AMPLOAD_SAFEGUARD("sequence_check"))) {
      return std::nullopt;
    }
  }
  std::optional<Checkpoint> now;
  if (txn != snapshot_.txns.end()) {
    auto record = ReadRecord(*table_, snapshot_, spec_.pipeline, context);
    // It may have gone on once more.
    if (!record.ok() && StoreCodeOf(record.status()) == kRecordMissing) {
      return ConflictError(MessageOf(record.status()));
    }
    ARROW_RETURN_NOT_OK(record.status());
    now = (*record)->checkpoint;
  }
  auto refusal = RefusalOf("the table", *fence_, now);
  if (std::holds_alternative<Conflict>(refusal)) ARROW_RETURN_NOT_OK(Abort(CallContext{}));
  return refusal;
}

// Nullopt also where it cannot be told.
std::optional<CommitOutcome> DeltaSession::WhoTookOver(const CallContext& context) {
  auto refusal = CheckFence(context);
  if (!refusal.ok() || !refusal->has_value()) return std::nullopt;
  if (!std::holds_alternative<Fenced>(**refusal)) return std::nullopt;
  return **std::move(refusal);
}

// What becomes of the table's columns and files.
Result<std::optional<std::vector<Action>>> DeltaSession::ActionsOfCommit(
    const CallContext& context) {
  std::vector<Action> actions;
  if (rules_.protocol.has_value()) actions.emplace_back(*rules_.protocol);
  if (rules_.metadata.has_value()) actions.emplace_back(*rules_.metadata);
  if (replacing_) {
    ARROW_ASSIGN_OR_RAISE(const auto* files, log_.ReadFiles(&snapshot_, context));
    for (const auto& [key, file] : files->adds()) {
      actions.emplace_back(RemoveOf(file, base::NowMs()));
    }
    ARROW_ASSIGN_OR_RAISE(const bool read, RemoveNeighbours(&actions, context));
    if (!read) return std::nullopt;
  } else if (!undo_.empty() && AMPLOAD_SAFEGUARD("undo_log")) {
    AMPLOAD_FAULT_POINT("deltalake.undo.before");
    ARROW_ASSIGN_OR_RAISE(const auto* files, log_.ReadFiles(&snapshot_, context));
    ARROW_ASSIGN_OR_RAISE(const auto undone, undo_plan_.Make(snapshot_, *files, undo_, finder_,
                                                             base::NowMs(), context));
    actions.insert(actions.end(), undone.begin(), undone.end());
    AMPLOAD_FAULT_POINT("deltalake.undo.after");
  }
  actions.insert(actions.end(), adds_.begin(), adds_.end());
  return actions;
}

// An overwrite takes the rows of other pipelines; they must not go on from their places.
Result<bool> DeltaSession::RemoveNeighbours(std::vector<Action>* actions,
                                            const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto others, ReadOthers(context));
  if (!others.has_value()) return false;
  for (const auto& one : *others) {
    if (!spec_.force) {
      return ConflictError(
          "deltalake: another pipeline has begun to write this table; nothing was changed" + At() +
          " pipeline=" + one.pipeline);
    }
    ARROW_ASSIGN_OR_RAISE(const auto removal, PutRemoval(one, context));
    if (!removal.has_value()) return false;
    actions->emplace_back(Txn{AppIdOf(one.pipeline), *removal, base::NowMs()});
  }
  return true;
}

// Of an epoch that nobody has used: a session of the pipeline that starts meanwhile has a record,
// too, and its entry may be the one that comes through.
Result<std::optional<int64_t>> DeltaSession::PutRemoval(const Checkpoint& place,
                                                        const CallContext& context) {
  const std::pair key(place.pipeline, TxnVersionOf(place));
  if (const auto known = removals_.find(key); known != removals_.end()) return known->second;
  ARROW_ASSIGN_OR_RAISE(const auto records, ListRecords(*table_, place.pipeline, context));
  PipelineRecord removed{.checkpoint = place, .removed = true};
  auto& epoch = removed.checkpoint.epoch.value;
  if (!records.empty()) epoch = std::max(epoch, EpochOfTxn(records.back()).value);
  epoch += 1;
  removed.checkpoint.owner = nonce_;
  removed.checkpoint.store_handle = fence_.has_value() ? fence_->store_handle : nonce_;
  const int64_t txn = TxnVersionOf(removed.checkpoint);
  ARROW_ASSIGN_OR_RAISE(const auto outcome, table_->PutIfAbsent(RecordPath(place.pipeline, txn),
                                                                RecordText(removed), context));
  if (outcome != lake::PutOutcome::kWritten) return std::nullopt;
  removals_[key] = txn;
  return txn;
}

Status DeltaSession::AddPipelineActions(const Checkpoint& checkpoint, std::vector<Action>* actions,
                                        const CallContext& context) {
  const auto& metadata = rules_.metadata.has_value() ? *rules_.metadata : snapshot_.metadata;
  next_ = UnderFence(checkpoint, *fence_, metadata.id);
  AMPLOAD_FAULT_POINT("deltalake.record.before");
  ARROW_RETURN_NOT_OK(PutRecord({.checkpoint = *next_}, context));
  AMPLOAD_FAULT_POINT("deltalake.record.after");
  actions->emplace_back(Txn{AppIdOf(spec_.pipeline), TxnVersionOf(*next_), base::NowMs()});
  return Status::OK();
}

// VACUUM deletes files that no entry tells of once they are old enough, and some let that be at
// once.
Status DeltaSession::CheckFiles(const CallContext& context) {
  auto files = undo_plan_.rewritten();
  files.insert(files.end(), files_.begin(), files_.end());
  for (const auto& file : files) {
    const Status there = table_->Open(file, context).status();
    if (there.ok()) continue;
    if (StoreCodeOf(there) != "ENOENT") return there;
    return PermanentError(
        "deltalake: files of this load were deleted before they were committed, by a VACUUM that "
        "keeps them for less time than a load takes; nothing was changed. Load again" +
        At() + " file=" + file);
  }
  return Status::OK();
}

Status DeltaSession::PutInfoFirst(std::vector<Action>* actions, const std::string& operation,
                                  const std::string& txn_id, const CallContext& context) {
  const bool places = std::any_of(actions->begin(), actions->end(), [](const Action& one) {
    return std::holds_alternative<Txn>(one);
  });
  CommitStory story{.operation = operation,
                    .txn_id = txn_id,
                    .mode = spec_.mode,
                    .streaming = !one_off(),
                    .rows = staged_rows_,
                    .checkpoint = places ? next_ : std::nullopt,
                    .now_ms = base::NowMs()};
  ARROW_ASSIGN_OR_RAISE(story.in_commit_timestamp, InCommitTimestamp(story.now_ms, context));
  actions->insert(actions->begin(), InfoOf(story, *actions));
  return Status::OK();
}

// Later than that of the commit before (the Delta protocol, "Writer Requirements for In-Commit
// Timestamps"); nullopt: the table has none.
Result<std::optional<int64_t>> DeltaSession::InCommitTimestamp(int64_t now_ms,
                                                               const CallContext& context) {
  const auto& protocol = rules_.protocol.has_value() ? *rules_.protocol : snapshot_.protocol;
  const auto& metadata = rules_.metadata.has_value() ? *rules_.metadata : snapshot_.metadata;
  if (!HasFeature(protocol, "inCommitTimestamp") || !IsOn(metadata, "enableInCommitTimestamps")) {
    return std::nullopt;
  }
  if (!snapshot_.exists()) return now_ms;
  auto before = snapshot_.commit_info;
  if (!before.has_value()) {  // the snapshot is a checkpoint's
    ARROW_ASSIGN_OR_RAISE(const auto entry, log_.ReadEntry(snapshot_.version, context));
    if (entry.has_value()) {
      for (const auto& action : entry->actions) {
        if (const auto* info = std::get_if<CommitInfo>(&action)) before = *info;
      }
    }
  }
  if (!before.has_value() || !before->in_commit_timestamp.has_value()) {
    return PermanentError(
        "deltalake: the table has in-commit timestamps, and its newest log entry has none" + At() +
        " file=" + LogEntryPath(snapshot_.version));
  }
  return std::max(now_ms, *before->in_commit_timestamp + 1);
}

// No other session has records of this epoch: one that is there is of a try that did not come
// through, and can no longer.
Status DeltaSession::PutRecord(const PipelineRecord& record, const CallContext& context) {
  const auto path = RecordPath(record.checkpoint.pipeline, TxnVersionOf(record.checkpoint));
  const auto text = RecordText(record);
  ARROW_ASSIGN_OR_RAISE(const auto outcome, table_->PutIfAbsent(path, text, context));
  return outcome == lake::PutOutcome::kWritten ? Status::OK() : table_->Put(path, text, context);
}

Result<lake::PutOutcome> DeltaSession::PutEntry(const std::vector<Action>& actions,
                                                const CallContext& context) {
  ARROW_RETURN_NOT_OK(table_->CheckPutIfAbsent(kLogFolder, context));
  const int64_t version = snapshot_.version + 1;
  if (snapshot_.exists()) {
    ARROW_ASSIGN_OR_RAISE(const auto before,
                          table_->Read(LogEntryPath(snapshot_.version), context));
    // The log has gone on without it: ReadOn.
    if (before == nullptr) return lake::PutOutcome::kExists;
  }
  ARROW_ASSIGN_OR_RAISE(const auto outcome, log_.Put(version, actions, context));
  if (outcome == lake::PutOutcome::kWritten) {
    const Status applied = snapshot_.Apply(version, actions, LogEntryPath(version));
    if (applied.ok()) return outcome;
    LogWarning("deltalake", MessageOf(applied));  // it stands: nothing may be taken back
  }
  if (outcome != lake::PutOutcome::kExists) unknown_ = version;
  return outcome == lake::PutOutcome::kExists ? outcome : lake::PutOutcome::kUnknown;
}

Result<std::vector<Log::Entry>> DeltaSession::ReadOn(const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto entries, log_.Update(&snapshot_, context));
  for (const auto& entry : entries) {
    others_removed_ = others_removed_ || RemovesRows(entry.actions);
  }
  if (!entries.empty() || !snapshot_.exists()) return entries;
  const auto newest = LogEntryPath(snapshot_.version);
  ARROW_ASSIGN_OR_RAISE(const auto there, table_->Read(newest, context));
  if (there != nullptr) return entries;
  // A log checkpoint of others may stand for it and for those after it.
  auto now = log_.ReadLatest(context);
  if (!now.ok() && KindOf(now.status()) != FailureKind::kPermanent) return now.status();
  if (!now.ok() || now->version <= snapshot_.version || now->metadata.id != snapshot_.metadata.id) {
    return PermanentError("deltalake: the table is gone: its last log entry is not there any more" +
                          At() + " file=" + newest +
                          (now.ok() ? "" : " why=" + MessageOf(now.status())));
  }
  snapshot_ = *std::move(now);
  others_removed_ = true;
  return entries;
}

Status DeltaSession::CatchUp(const CallContext& context) {
  const bool was_there = snapshot_.exists();
  const auto protocol = snapshot_.protocol;
  const auto metadata = snapshot_.metadata;
  if (was_there) {
    ARROW_RETURN_NOT_OK(ReadOn(context).status());
  } else {
    ARROW_ASSIGN_OR_RAISE(snapshot_, log_.ReadLatest(context));
  }
  if (was_there && protocol == snapshot_.protocol && metadata == snapshot_.metadata) {
    return Status::OK();
  }
  // The files that are ready were written for the columns as they were.
  const auto stored = rules_.stored;
  const auto partition_columns = rules_.partition_columns;
  const auto mapping = rules_.mapping;
  const auto constraints = rules_.constraints;
  const Status fits = FitRows(context);
  const bool same =
      fits.ok() &&
      (spec_.undo_only ||
       (rules_.stored->Equals(*stored, true) && rules_.mapping == mapping &&
        rules_.partition_columns == partition_columns && rules_.constraints == constraints));
  if (same) return Status::OK();
  return ConflictError("deltalake: another writer has changed the table's columns or properties" +
                       At() + (fits.ok() ? "" : " why=" + MessageOf(fits)));
}

void DeltaSession::AfterCommit(const CallContext& context) {
  unknown_.reset();
  KeepFiles();
  const bool table_changed = rules_.metadata.has_value() || replacing_;
  if (one_off()) {
    committed_ = true;
  } else {
    older_records_.push_back(TxnVersionOf(*fence_));
    fence_ = std::move(next_);
    if (older_records_.size() > kRecordsKept) {
      ForgetRecord(older_records_.front(), context);
      older_records_.pop_front();
    }
  }
  replacing_ = false;
  spec_.reset_pipeline = false;
  ForgetStaged();
  committed_rows_.reset();
  if (table_changed) {
    const Status fits = FitRows(context);
    if (!fits.ok()) LogWarning("deltalake", MessageOf(fits));
  }
  KeepLog(context);
}

void DeltaSession::KeepLog(const CallContext& context) {
  // What is known of files that are out of memory is to go with them.
  if (KeepHouse(*table_, log_, &snapshot_, config_, context)) finder_ = {};
}

void DeltaSession::ForgetRecord(int64_t txn_version, const CallContext& context) {
  const std::vector<std::string> path = {RecordPath(spec_.pipeline, txn_version)};
  const Status deleted = table_->Delete(path, context);
  if (!deleted.ok()) LogWarning("deltalake", MessageOf(deleted));
}

// Records that lie below the one that this session went on from.
void DeltaSession::ForgetRecordsBefore(int64_t txn_version, const CallContext& context) {
  const auto records = ListRecords(*table_, spec_.pipeline, context);
  if (!records.ok()) return LogWarning("deltalake", MessageOf(records.status()));
  const auto kept = std::lower_bound(records->begin(), records->end(), txn_version);
  const auto older = static_cast<size_t>(kept - records->begin());
  for (size_t i = 0; i + kRecordsKept < older; ++i) ForgetRecord((*records)[i], context);
}

}  // namespace ampload::deltalake
