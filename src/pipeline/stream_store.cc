#include "pipeline/stream_store.h"

#include <algorithm>
#include <span>
#include <utility>
#include <variant>

#include "ampload/fault_point.h"
#include "ampload/log.h"
#include "base/backoff.h"
#include "base/sha256.h"
#include "loader/identifier.h"
#include "loader/undo_spec.h"
#include "pipeline/stages.h"
#include "stream/ladder.h"

namespace ampload::pipeline {
namespace {

// Empty ranges that wait cost little, but not nothing.
constexpr size_t kMostWaiting = 1000;
constexpr std::chrono::seconds kLongestWait(1);

std::string FingerprintOf(const std::string& query) {
  return "query:" + base::Sha256Hex(query).substr(0, 16);
}

}  // namespace

StreamStore::StreamStore(Loader& loader, const StreamRequest& request, const CallContext& context)
    : loader_(loader),
      request_(request),
      context_(context),
      fingerprint_(FingerprintOf(request.query)),
      spec_(request.table),
      patience_(request.backoff, request.retry_for) {
  spec_.streaming = true;
}

Status StreamStore::Look() {
  ARROW_ASSIGN_OR_RAISE(const auto checkpoints, loader_.ReadCheckpoints(spec_.name));
  const auto mine =
      std::find_if(checkpoints.begin(), checkpoints.end(),
                   [&](const Checkpoint& one) { return one.pipeline == spec_.pipeline; });
  if (mine == checkpoints.end() || spec_.reset_pipeline) return Status::OK();
  ARROW_RETURN_NOT_OK(CheckBelongs(*mine));
  Adopt(*mine);
  return Status::OK();
}

Result<bool> StreamStore::EndWhatIsOpen() {
  if (base_.unfinished.empty()) return true;
  ARROW_ASSIGN_OR_RAISE(const auto info, loader_.GetTableInfo(spec_.name));
  if (!info.has_value() || info->schema == nullptr) return false;
  const TableSpec undo_only = SpecToUndo(*info, spec_.pipeline);
  ARROW_ASSIGN_OR_RAISE(session_, loader_.OpenSession(std::span(&undo_only, 1)));
  const Status taken = TakeOver();
  session_.reset();
  ARROW_RETURN_NOT_OK(taken);
  return true;
}

Result<bool> StreamStore::OpenSession(const std::shared_ptr<arrow::Schema>& schema,
                                      const CallContext& context) {
  moved_ = false;
  if (session_ != nullptr && spec_.schema->Equals(*schema, /*check_metadata=*/true)) return true;
  ARROW_RETURN_NOT_OK(context.Check());
  if (session_ != nullptr) {
    // The rows have other columns now. A fence that is lost must not be retaken.
    ARROW_RETURN_NOT_OK(Settle("the rows have other columns").status());
    session_.reset();
  }
  spec_.schema = schema;
  ARROW_RETURN_NOT_OK(FitLineage());
  ARROW_ASSIGN_OR_RAISE(auto session, loader_.OpenSession(std::span(&spec_, 1)));
  session_ = std::move(session);
  const Status taken = TakeOver();
  if (!taken.ok()) {
    // It may have had the fence already, and lost it again: a newer start goes first.
    const auto settled = session_->Recover(RecoverMode::kSettle, CallContext{});
    session_.reset();
    if (settled.ok() && settled->finding == RecoverFinding::kFenced) {
      return BeFenced(settled->fenced_by);
    }
    return taken;
  }
  moved_ = false;
  return false;
}

Status StreamStore::FitLineage() {
  spec_.on_schema_change = request_.table.on_schema_change;
  if (spec_.reset_pipeline || spec_.mode == LoadMode::kOverwrite) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto info, loader_.GetTableInfo(spec_.name));
  if (!info.has_value() || !info->exists) return Status::OK();
  const bool has_ids =
      std::any_of(info->columns.begin(), info->columns.end(),
                  [](const ColumnInfo& one) { return one.name == kBatchIdColumn; });
  if (has_ids) return Status::OK();
  if (info->row_count == 0) {
    spec_.on_schema_change = SchemaPolicy::kEvolve;  // it gets the column
    return Status::OK();
  }
  if (spec_.on_schema_change == SchemaPolicy::kEvolve) return Status::OK();
  return ConfigurationError(
      "stream: the table has rows and no column " + std::string(kBatchIdColumn) +
      ", which says what a reorganisation takes back; stream into another table, or add the "
      "column with --on-schema-change evolve (rows that are there are then left alone): table=" +
      spec_.name);
}

Status StreamStore::TakeOver() {
  ARROW_ASSIGN_OR_RAISE(Recovered recovered, session_->Recover(RecoverMode::kTakeOver, context_));
  if (recovered.finding == RecoverFinding::kFenced) return BeFenced(recovered.fenced_by);
  if (recovered.checkpoint.has_value()) ARROW_RETURN_NOT_OK(CheckBelongs(*recovered.checkpoint));
  if (!recovered.cleaned_up.empty()) LogInfo(loader_.loader_type(), recovered.cleaned_up);
  if (!recovered.evolved.empty()) {
    LogWarning("stream", "table " + spec_.name + ": " + recovered.evolved);
  }
  slot_ = recovered.slot;
  Adopt(std::move(recovered.checkpoint));
  return Status::OK();
}

// Is it this stream's?
Status StreamStore::CheckBelongs(const Checkpoint& checkpoint) const {
  const std::string at = ": table=" + spec_.name + " pipeline=" + spec_.pipeline;
  const bool has_place = !checkpoint.source_position.empty();
  if (has_place && checkpoint.retention_blocks == 0) {
    return ConfigurationError(
        "stream: the pipeline of that name is no stream; give --pipeline another name" + at);
  }
  if (has_place) {
    ARROW_RETURN_NOT_OK(WithContext(stream::CheckLadder(checkpoint), "stream" + at.substr(1)));
  }
  if (has_place && checkpoint.options_fingerprint != fingerprint_) {
    return ConfigurationError(
        "stream: the pipeline began with another query, and its rows would mix with those of this "
        "one; stream into another table, or give --reset-pipeline to begin anew and replace the "
        "table's rows" +
        at);
  }
  return Status::OK();
}

void StreamStore::Adopt(std::optional<Checkpoint> checkpoint) {
  base_ = checkpoint.has_value() ? *std::move(checkpoint) : Checkpoint{};
  base_.table = spec_.name;
  base_.pipeline = spec_.pipeline;
  if (base_.last_batch_id.has_value()) NoteId(*base_.last_batch_id);
  // Of what is to be undone, the rest is not there.
  std::erase_if(pending_, [&](BatchId id) {
    return std::none_of(base_.ladder.begin(), base_.ladder.end(),
                        [&](const LadderEntry& entry) { return entry.batch == id; });
  });
}

Checkpoint StreamStore::Kept() const { return stream::WithoutBatches(base_, pending_); }

Checkpoint StreamStore::KeptWithWaiting() const {
  return stream::WithBatches(Kept(), held_.WaitingEntries(), request_.retention_blocks);
}

void StreamStore::MarkUndo(const BatchIdSet& batches) {
  if (batches.empty()) return;
  pending_.insert(batches.begin(), batches.end());
  if (!pending_since_.has_value()) pending_since_ = Clock::now();
}

bool StreamStore::one_by_one() const {
  return spec_.mode == LoadMode::kUpsert || spec_.mode == LoadMode::kMerge;
}

bool StreamStore::IsDue(Clock::time_point now) const {
  const auto& cadence = request_.cadence;
  return held_.waiting_rows() >= std::max<int64_t>(cadence.rows, 1) ||
         held_.waiting_bytes() >= cadence.bytes || held_.waiting().size() >= kMostWaiting ||
         NextDue(now) <= now;
}

StreamStore::Clock::time_point StreamStore::NextDue(Clock::time_point now) const {
  const auto& cadence = request_.cadence;
  Clock::time_point due = now + kLongestWait;
  if (pending_since_.has_value()) due = std::min(due, *pending_since_ + cadence.interval);
  if (const auto since = held_.rows_wait_since(); since.has_value()) {
    due = std::min(due, *since + cadence.interval);
  }
  if (const auto since = held_.waits_since(); since.has_value()) {
    due = std::min(due, *since + cadence.idle_checkpoint);
  }
  return due;
}

Status StreamStore::Commit() {
  // A session that could not be opened anew: what is to be undone stays marked.
  if (session_ == nullptr) return Status::OK();
  do {
    auto batches = held_.TakeWaiting(one_by_one());
    if (batches.empty() && pending_.empty()) return Status::OK();
    const Status committed = CommitBatches(std::move(batches));
    // Rows behind those that failed must not go first: nobody would bring the failed ones again.
    if (!committed.ok()) held_.Clear();
    ARROW_RETURN_NOT_OK(committed);
  } while (!moved_ && !held_.waiting().empty());
  return Status::OK();
}

Checkpoint StreamStore::NextCheckpoint(const std::vector<HeldBatch>& batches) const {
  std::vector<LadderEntry> entries;
  for (const auto& batch : batches) entries.push_back(batch.entry);
  auto next = stream::WithBatches(Kept(), entries, request_.retention_blocks);
  next.last_batch_id = last_id_;
  next.retention_blocks = request_.retention_blocks;
  next.options_fingerprint = fingerprint_;
  next.schema_fingerprint = SchemaFingerprint(*spec_.schema);
  return next;
}

Status StreamStore::CommitBatches(std::vector<HeldBatch> batches) {
  Checkpoint next = NextCheckpoint(batches);
  int64_t rows = 0;
  for (const auto& batch : batches) rows += batch.entry.rows;
  const Status staged = StageAll(batches);
  if (!staged.ok()) return GoOnFromStore(staged);
  const auto count = static_cast<int64_t>(batches.size());
  batches.clear();
  AMPLOAD_FAULT_POINT("stream.commit.before");
  Result<CommitOutcome> outcome;
  try {
    outcome = session_->Commit(next, CallContext{});
  } catch (...) {
    outcome = CommitOutcome(Unknown{MessageOf(CaughtFailure("commit"))});
  }
  if (!outcome.ok()) return GoOnFromStore(outcome.status());
  ARROW_RETURN_NOT_OK(Judge(*outcome, std::move(next), rows, count));
  AMPLOAD_FAULT_POINT("stream.commit.after");
  return Status::OK();
}

Status StreamStore::StageAll(std::vector<HeldBatch>& batches) {
  try {
    if (!pending_.empty()) ARROW_RETURN_NOT_OK(session_->Undo(pending_, CallContext{}));
    for (auto& batch : batches) ARROW_RETURN_NOT_OK(StageParts(std::move(batch.parts)));
  } catch (...) {
    return CaughtFailure("stage");
  }
  return Status::OK();
}

Status StreamStore::StageParts(std::vector<StagedBatch> parts) {
  for (auto& part : parts) {
    ARROW_RETURN_NOT_OK(session_->Stage(std::move(part), CallContext{}));
    const auto rejected = session_->TakeRejected();
    if (!rejected.empty()) {
      return DataError("the store did not take a row: table=" + spec_.name + " row=" +
                       std::to_string(rejected.front().row) + " reason=" + rejected.front().reason);
    }
  }
  return Status::OK();
}

Status StreamStore::Judge(const CommitOutcome& outcome, Checkpoint next, int64_t rows,
                          int64_t batches) {
  if (const auto* committed = std::get_if<ampload::Committed>(&outcome)) {
    Committed(std::move(next), batches);
    if (committed->rows == rows) return Status::OK();
    return PermanentError(
        "the store committed another number of rows than were staged, and they stand: check the "
        "table: table=" +
        spec_.name + " staged=" + std::to_string(rows) +
        " committed=" + std::to_string(committed->rows));
  }
  if (const auto* fenced = std::get_if<Fenced>(&outcome)) return BeFenced(fenced->by);
  const auto* conflict = std::get_if<Conflict>(&outcome);
  const std::string why = conflict != nullptr ? conflict->why : std::get<Unknown>(outcome).why;
  LogWarning("stream", std::string(conflict != nullptr ? "another writer was faster"
                                                       : "no answer to a commit") +
                           ": table=" + spec_.name + " why=" + why);
  ARROW_ASSIGN_OR_RAISE(const bool took_effect, Settle(why));
  if (!took_effect) {
    return WaitInTrouble(
        TransientError("commits do not take effect: table=" + spec_.name + " why=" + why));
  }
  Committed(std::move(next), batches);
  return Status::OK();
}

void StreamStore::Committed(Checkpoint next, int64_t batches) {
  const Checkpoint kept = Kept();
  progress_.rows_undone += base_.rows_total - kept.rows_total;
  progress_.rows_committed += next.rows_total - kept.rows_total;
  progress_.batches += batches;
  ++progress_.commits;
  for (const auto& [network, position] : stream::CursorAt(next.ladder)) {
    progress_.committed_to[network] = position.number;
  }
  base_ = std::move(next);
  pending_.clear();
  pending_since_.reset();
  patience_.Worked();
  early_ = false;
  spec_.reset_pipeline = false;
  if (request_.on_commit) request_.on_commit(base_);
}

Status StreamStore::MakeRoom() {
  ARROW_RETURN_NOT_OK(Commit());  // also what is to be undone: rows are not staged upon an undo
  if (moved_ || held_.bytes() <= request_.hold_bytes) return Status::OK();
  auto parts = held_.TakeEarlyParts();
  if (parts.empty()) return Status::OK();
  early_ = true;
  Status staged;
  try {
    staged = StageParts(std::move(parts));
  } catch (...) {
    staged = CaughtFailure("stage");
  }
  return staged.ok() ? Status::OK() : GoOnFromStore(staged);
}

Status StreamStore::ForgetUnfinished() {
  held_.ForgetOpen();
  if (!early_) return Status::OK();
  early_ = false;
  const Status aborted = session_->Abort(CallContext{});
  return aborted.ok() ? Status::OK() : GoOnFromStore(aborted);
}

Status StreamStore::GoOnFromStore(const Status& failure) {
  early_ = false;
  const Status aborted = session_->Abort(CallContext{});
  if (KindOf(failure) != FailureKind::kTransient && KindOf(failure) != FailureKind::kConflict) {
    return failure;
  }
  LogWarning("stream", MessageOf(failure) + ": trying again from what the store has");
  if (!aborted.ok()) LogWarning("stream", MessageOf(aborted));
  ARROW_RETURN_NOT_OK(Settle(MessageOf(failure)).status());
  return WaitInTrouble(failure);
}

Status StreamStore::WaitInTrouble(const Status& failure) {
  ARROW_ASSIGN_OR_RAISE(const auto wait, patience_.AfterFailure(failure, Clock::now()));
  base::WaitFor(wait, context_.stop);
  return Status::OK();
}

Result<bool> StreamStore::Settle(const std::string& why) {
  base::Patience patience(request_.backoff, request_.retry_for);
  const auto started = Clock::now();
  for (;;) {
    Result<Recovered> settled;
    try {
      settled = session_->Recover(RecoverMode::kSettle, CallContext{});
    } catch (...) {
      settled = CaughtFailure("settle");
    }
    if (settled.ok()) {
      if (settled->finding == RecoverFinding::kFenced) return BeFenced(settled->fenced_by);
      if (settled->finding == RecoverFinding::kCommitted) return true;
      if (settled->finding == RecoverFinding::kWentBack) {
        LogWarning(
            "stream",
            "the store went back to an earlier state; going on from there: table=" + spec_.name);
      }
      const Status aborted = session_->Abort(CallContext{});
      if (!aborted.ok()) LogWarning("stream", MessageOf(aborted));
      held_.Clear();
      pending_.clear();
      pending_since_.reset();
      early_ = false;
      // Before its first commit a pipeline that begins anew has no place, whatever the store has.
      if (spec_.reset_pipeline) settled->checkpoint.reset();
      Adopt(std::move(settled->checkpoint));
      moved_ = true;
      return false;
    }
    if (KindOf(settled.status()) != FailureKind::kTransient) return settled.status();
    ARROW_ASSIGN_OR_RAISE(const auto wait, patience.AfterFailure(settled.status(), started));
    LogWarning("stream", MessageOf(settled.status()) + ": asking again in " +
                             std::to_string(wait.count()) + " ms");
    if (!base::WaitFor(wait, context_.stop)) {
      return MakeFailure(FailureKind::kUnknownOutcome,
                         "stopped while the store gave no answer; the next start asks it: table=" +
                             spec_.name + " why=" + why);
    }
  }
}

Status StreamStore::BeFenced(const std::string& by) {
  fenced_ = true;
  return ConflictError("another writer took over this stream, which stops here: table=" +
                       spec_.name + " pipeline=" + spec_.pipeline + " by=" + by);
}

}  // namespace ampload::pipeline
