#include "pipeline/load.h"

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "ampload/log.h"
#include "loader/identifier.h"
#include "loader/load_metadata.h"
#include "pipeline/commit.h"
#include "pipeline/stages.h"

namespace ampload::pipeline {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// One call of RunLoad.
class Load {
 public:
  Load(Source& source, Loader& loader, const LoadRequest& request, const CallContext& context)
      : source_(source), loader_(loader), request_(request), context_(context) {}

  LoadOutcome Run() {
    try {
      outcome_.status = RunSession();
    } catch (...) {
      outcome_.status = CaughtFailure("load");
    }
    FillResult();
    return std::move(outcome_);
  }

 private:
  Status RunSession() {
    ARROW_RETURN_NOT_OK(context_.Check());
    table_ = request_.table;
    if (table_.schema == nullptr) {
      table_.schema = request_.shape.is_identity() ? source_.schema() : request_.shape.schema();
    }
    ARROW_ASSIGN_OR_RAISE(session_, loader_.OpenSession(std::span(&table_, 1)));
    ARROW_ASSIGN_OR_RAISE(const Recovered recovered,
                          session_->Recover(RecoverMode::kTakeOver, context_));
    if (recovered.finding == RecoverFinding::kFenced) {
      outcome_.fenced = true;
      return ConflictError("another writer holds the table: table=" + table_.name +
                           " by=" + recovered.fenced_by);
    }
    if (!recovered.cleaned_up.empty()) {
      LogInfo(loader_.loader_type(), recovered.cleaned_up);
      outcome_.result.metadata["recovered"] = recovered.cleaned_up;
    }
    if (!recovered.evolved.empty()) outcome_.result.metadata["schema_change"] = recovered.evolved;
    for (auto* companion : request_.companions) {
      ARROW_RETURN_NOT_OK(companion->OnRecovered(recovered));
    }
    Status staged = RunStages(source_, *session_, request_, started_, context_, counts_);
    if (staged.ok()) staged = context_.Check();
    if (staged.ok()) staged = BeforeCommit();
    if (!staged.ok()) return Abort(std::move(staged));
    return Commit(recovered);
  }

  Status BeforeCommit() {
    if (counts_.rows_bad > 0 && counts_.rows_staged == 0) {
      return DataError(request_.bad_rows->Reasons());
    }
    for (auto* companion : request_.companions) {
      ARROW_RETURN_NOT_OK(companion->BeforeCommit());
      if (companion->must_be_remembered()) session_->RememberLoad();
    }
    return Status::OK();
  }

  // What goes with the load learns how it ended. Where nobody knows, it is told nothing: the next
  // load's Recovered will say.
  void TellCompanions(bool committed) {
    for (auto* companion : request_.companions) {
      const Status told = committed ? companion->AfterCommit() : companion->OnAbort();
      if (!told.ok()) LogWarning(loader_.loader_type(), MessageOf(told));
    }
  }

  Status Commit(const Recovered& recovered) {
    ReportCommitting();
    const int64_t rows = counts_.rows_staged;
    auto verdict =
        CommitAndSettle(*session_, NextCheckpoint(recovered), table_.name, rows, context_);
    outcome_.fenced = verdict.fenced;
    outcome_.result.rows_loaded = verdict.rows;
    if (verdict.still_staged) return Abort(std::move(verdict.status));
    if (verdict.rows > 0 || verdict.status.ok()) {
      TellCompanions(/*committed=*/true);
    } else if (KindOf(verdict.status) != FailureKind::kUnknownOutcome) {
      TellCompanions(/*committed=*/false);
    }
    return std::move(verdict.status);
  }

  // Takes back what is staged, under a context that no stop request reaches. The cause stays the
  // failure that is told; a failed clean-up is added to it.
  Status Abort(Status cause) {
    Status aborted;
    try {
      aborted = session_->Abort(CallContext{});
    } catch (...) {
      aborted = CaughtFailure("abort");
    }
    TellCompanions(/*committed=*/false);
    const std::string fate =
        aborted.ok() ? "nothing was loaded"
                     : "taking back what was staged failed too, the next load into the table does "
                       "it: " +
                           MessageOf(aborted);
    if (!aborted.ok()) LogWarning(loader_.loader_type(), fate);
    if (!aborted.ok() || cause.IsCancelled()) {
      return cause.WithMessage(MessageOf(cause), ": ", fate, ": table=", table_.name);
    }
    return cause;
  }

  // What the store keeps with the rows. A one-off load starts from nothing.
  Checkpoint NextCheckpoint(const Recovered& recovered) const {
    Checkpoint next = recovered.checkpoint.value_or(Checkpoint{});
    if (table_.mode == LoadMode::kOverwrite) {
      next.rows_total = 0;
      next.ladder.clear();
    }
    next.table = table_.name;
    next.pipeline = table_.pipeline;
    next.slot = recovered.slot;
    next.rows_total += counts_.rows_staged;
    next.schema_fingerprint = SchemaFingerprint(*table_.schema);
    return next;
  }

  void ReportCommitting() const {
    if (!request_.on_progress) return;
    request_.on_progress({.rows_read = counts_.rows_read,
                          .rows_staged = counts_.rows_staged,
                          .rows_bad = counts_.rows_bad,
                          .bytes_read = counts_.bytes_read,
                          .bytes_staged = counts_.bytes_staged,
                          .seconds = SecondsSince(started_),
                          .committing = true});
  }

  // The keys are the specification's; the loader's own come from its verbs, not from here.
  void FillResult() {
    session_.reset();  // its end belongs to the load's duration
    LoadResult& result = outcome_.result;
    result.success = outcome_.status.ok();
    if (!result.success) result.error = MessageOf(outcome_.status);
    result.duration_seconds = SecondsSince(started_);
    result.ops_per_second = RatePerSecond(result.rows_loaded, result.duration_seconds);
    result.table_name = request_.table.name;
    result.loader_type = loader_.loader_type();

    // On failure fewer batches were processed than read, and no rows count.
    Metadata& metadata = result.metadata;
    metadata.merge(LoadTableMetadata(counts_.rows_read, source_.schema()->num_fields(),
                                     counts_.batches_read, counts_.bytes_read,
                                     result.duration_seconds));
    metadata["batches_processed"] = counts_.batches_staged.load();
    metadata["throughput_rows_per_sec"] = result.ops_per_second;
    if (counts_.has_encoder) metadata["bytes_encoded"] = counts_.bytes_staged.load();
    if (request_.bad_rows != nullptr) metadata["rows_quarantined"] = counts_.rows_bad.load();
  }

  Source& source_;
  Loader& loader_;
  const LoadRequest& request_;
  const CallContext& context_;
  const Clock::time_point started_ = Clock::now();
  TableSpec table_;
  std::unique_ptr<WriteSession> session_;
  StageCounts counts_;
  LoadOutcome outcome_;
};

}  // namespace

LoadOutcome RunLoad(Source& source, Loader& loader, const LoadRequest& request,
                    const CallContext& context) {
  return Load(source, loader, request, context).Run();
}

}  // namespace ampload::pipeline
