#include "pipeline/stream_load.h"

#include <algorithm>
#include <utility>

#include "ampload/fault_point.h"
#include "ampload/log.h"
#include "loader/lineage.h"
#include "loader/load_metadata.h"
#include "loader/row_op.h"
#include "pipeline/stages.h"
#include "pipeline/stream_reader.h"
#include "pipeline/stream_store.h"
#include "stream/ladder.h"
#include "stream/range_text.h"
#include "stream/reorg_plan.h"

namespace ampload::pipeline {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kProgressInterval(100);

// How following a connection ended.
enum class End {
  kDone,       // `until` is committed
  kStopped,    // a stop request
  kReconnect,  // a reorganisation, or the store went on from elsewhere
  kServerEnd,  // the server ended the stream
};

class Stream {
 public:
  Stream(StreamSource& source, Loader& loader, const StreamRequest& request,
         const CallContext& context)
      : source_(source),
        request_(request),
        context_(context),
        patience_(request.backoff, request.retry_for),
        store_(loader, request, context) {}

  StreamOutcome Run() {
    Status status;
    try {
      status = RunUntilEnd();
    } catch (...) {
      status = CaughtFailure("stream");
    }
    return Finish(std::move(status));
  }

 private:
  Status RunUntilEnd() {
    ARROW_RETURN_NOT_OK(store_.Look());
    for (;;) {
      const auto began = Clock::now();
      auto followed = Follow();
      if (store_.fenced()) return followed.status();
      if (context_.stop.stop_requested()) return Stop();
      if (followed.ok() && *followed == End::kDone) return Status::OK();
      if (followed.ok() && *followed == End::kReconnect) {
        ++store_.progress().reconnects;
        continue;
      }
      // What is whole is the store's, whatever became of the connection. What is only to be undone
      // may wait for what comes in its place.
      ARROW_RETURN_NOT_OK(store_.ForgetUnfinished());
      if (!store_.held().waiting().empty() || store_.IsDue(Clock::now())) {
        ARROW_RETURN_NOT_OK(store_.Commit());
      }
      ARROW_RETURN_NOT_OK(WaitBeforeNext(followed.status(), began));
    }
  }

  // A clean end: what is whole is committed, and where the stream is.
  Status Stop() {
    stopped_ = true;
    ARROW_RETURN_NOT_OK(store_.ForgetUnfinished());
    return store_.Commit();
  }

  // After a failed or ended connection. Fails where it makes no sense to try again.
  Status WaitBeforeNext(const Status& failure, Clock::time_point began) {
    const bool ended = failure.ok();
    if (!ended && KindOf(failure) != FailureKind::kTransient) return failure;
    // A connection that worked for a while has only failed now.
    ARROW_ASSIGN_OR_RAISE(const auto wait,
                          patience_.AfterFailure(failure, worked_ ? Clock::now() : began));
    worked_ = false;
    const std::string again = ": trying again in " + std::to_string(wait.count()) + " ms";
    if (ended) {
      LogInfo("stream", source_.name() + " has ended the stream" + again);
    } else {
      LogWarning("stream", MessageOf(failure) + again);
    }
    ++store_.progress().reconnects;
    base::WaitFor(wait, context_.stop);
    return Status::OK();
  }

  // Opens a connection behind what is kept, and follows it to its end.
  Result<End> Follow() {
    if (IsDone(store_.Kept())) {
      ARROW_ASSIGN_OR_RAISE(const bool ended, store_.EndWhatIsOpen());
      if (ended && IsDone(store_.Kept())) return End::kDone;
    }
    StreamCursor cursor = stream::CursorAt(store_.Kept().ladder);
    AMPLOAD_FAULT_POINT("stream.connect");
    ARROW_ASSIGN_OR_RAISE(auto connection, source_.Open(cursor, context_));
    ARROW_ASSIGN_OR_RAISE(RowPlan plan, MakePlan(*connection->schema()));
    ARROW_ASSIGN_OR_RAISE(const bool same, store_.OpenSession(plan.schema, context_));
    if (!same && stream::CursorAt(store_.Kept().ladder) != cursor) {
      return End::kReconnect;  // somebody went on since the first look
    }
    if (IsDone(store_.Kept())) return End::kDone;
    plan.encoder = store_.encoder();
    plan.last_id = store_.last_id();
    plan.slot = store_.slot();
    StreamReader reader(std::move(connection),
                        stream::ConnectionRules(std::move(cursor), store_.Kept().ladder),
                        std::move(plan), request_.queue_bytes);
    return FollowReader(reader);
  }

  Result<RowPlan> MakePlan(const arrow::Schema& sent) const {
    RowPlan plan;
    plan.table = request_.table.name;
    const auto schema = std::make_shared<arrow::Schema>(sent);
    ARROW_ASSIGN_OR_RAISE(plan.shape, RowShape::Make(schema, request_.shape));
    ARROW_ASSIGN_OR_RAISE(
        plan.schema,
        WithLineage(plan.shape.is_identity() ? sent : *plan.shape.schema(), request_.block_ranges));
    plan.op_column = OpColumnOf(request_.table.mode, *plan.schema);
    return plan;
  }

  Result<End> FollowReader(StreamReader& reader) {
    for (;;) {
      Report();
      const bool ready = reader.WaitUntilReady(store_.NextDue(Clock::now()), context_.stop);
      if (context_.stop.stop_requested()) return End::kStopped;
      if (ready) {
        ARROW_ASSIGN_OR_RAISE(auto item, reader.Next());
        if (!item.has_value()) return End::kServerEnd;
        ARROW_ASSIGN_OR_RAISE(const auto end, Take(*std::move(item)));
        if (end.has_value()) return *end;
      }
      if (!store_.IsDue(Clock::now())) continue;
      ARROW_RETURN_NOT_OK(store_.Commit());
      if (store_.went_elsewhere()) return End::kReconnect;
    }
  }

  // nullopt: go on.
  Result<std::optional<End>> Take(StreamItem item) {
    using Kind = stream::Reading::Kind;
    if (item.reading.kind != Kind::kRows) return std::optional<End>();
    worked_ = true;
    patience_.Worked();
    auto& held = store_.held();
    if (item.ranges.size() > 1 && !store_.takes_many_networks()) {
      return ConfigurationError(store_.loader_type() +
                                ": streams of several networks are not supported: table=" +
                                request_.table.name + " blocks=" + stream::RangesText(item.ranges));
    }
    if (item.reading.begins) {
      store_.NoteId(item.id);
      if (!item.reading.lost.empty()) {
        ARROW_ASSIGN_OR_RAISE(const bool stay, Reorganise(item));
        if (!stay) return std::optional(End::kReconnect);
      }
      held.Begin(item.id, item.ranges);
    }
    if (item.rows.has_value()) {
      held.Add(*std::move(item.rows), item.bytes);
      if (held.bytes() > request_.hold_bytes) {
        ARROW_RETURN_NOT_OK(store_.MakeRoom());
        if (store_.went_elsewhere()) return std::optional(End::kReconnect);
      }
    }
    if (!item.reading.completes) return std::optional<End>();
    held.Complete(Clock::now());
    LogDebug("stream", "a batch is whole and waits for its commit: table=" + request_.table.name +
                           " blocks=" + stream::RangesText(item.ranges));
    const bool last = request_.until.has_value() && IsDone(store_.KeptWithWaiting());
    if (!last && !store_.has_early()) return std::optional<End>();
    ARROW_RETURN_NOT_OK(store_.Commit());
    if (store_.went_elsewhere()) return std::optional(End::kReconnect);
    return IsDone(store_.Kept()) ? std::optional(End::kDone) : std::nullopt;
  }

  // Takes note of what is to be undone. False: a new connection must bring the rest.
  Result<bool> Reorganise(const StreamItem& item) {
    auto& held = store_.held();
    ARROW_RETURN_NOT_OK(store_.ForgetUnfinished());
    ARROW_ASSIGN_OR_RAISE(const auto plan,
                          stream::PlanReorg(store_.Kept(), held.WaitingEntries(), item.ranges,
                                            item.reading.lost, request_.retention_blocks));
    ++store_.progress().reorgs;
    const auto& lost = item.reading.lost.front();
    LogInfo("stream", "the chain takes back blocks: table=" + request_.table.name + " network=" +
                          lost.network + " from_block=" + std::to_string(lost.from.value) +
                          " batches=" + std::to_string(plan.undo.size() + plan.drop.size()) +
                          (plan.reconnect ? " (asks the server anew)" : ""));
    held.Drop(plan.drop);
    AMPLOAD_FAULT_POINT("stream.reorg");
    // What stays is committed for itself: it is on both chains.
    if (!held.waiting().empty()) ARROW_RETURN_NOT_OK(store_.Commit());
    if (store_.went_elsewhere()) return false;
    store_.MarkUndo(plan.undo);
    return !plan.reconnect;
  }

  // Has every network the block?
  bool IsDone(const Checkpoint& kept) const {
    if (!request_.until.has_value()) return false;
    const auto cursor = stream::CursorAt(kept.ladder);
    return !cursor.empty() && std::all_of(cursor.begin(), cursor.end(), [&](const auto& one) {
      return one.second.number >= *request_.until;
    });
  }

  void Report() {
    const auto now = Clock::now();
    if (!request_.on_progress || now - reported_ < kProgressInterval) return;
    reported_ = now;
    auto progress = store_.progress();
    progress.seconds = std::chrono::duration<double>(now - started_).count();
    request_.on_progress(progress);
  }

  StreamOutcome Finish(Status status) {
    StreamOutcome outcome;
    const auto& progress = store_.progress();
    store_.Close();
    outcome.fenced = store_.fenced();
    outcome.stopped = stopped_;
    outcome.progress = progress;
    LoadResult& result = outcome.result;
    result.success = status.ok();
    if (!status.ok()) result.error = MessageOf(status);
    result.rows_loaded = progress.rows_committed;
    result.duration_seconds = std::chrono::duration<double>(Clock::now() - started_).count();
    result.ops_per_second = RatePerSecond(result.rows_loaded, result.duration_seconds);
    result.table_name = request_.table.name;
    result.loader_type = store_.loader_type();
    Metadata& metadata = result.metadata;
    metadata["operation"] = std::string("stream");
    metadata["pipeline"] = request_.table.pipeline;
    metadata["batches"] = progress.batches;
    metadata["commits"] = progress.commits;
    metadata["rows_undone"] = progress.rows_undone;
    metadata["reorgs"] = progress.reorgs;
    metadata["reconnects"] = progress.reconnects;
    metadata["stopped"] = stopped_;
    for (const auto& [network, block] : progress.committed_to) {
      metadata["block." + network] = static_cast<int64_t>(block.value);
    }
    outcome.status = std::move(status);
    return outcome;
  }

  StreamSource& source_;
  const StreamRequest& request_;
  const CallContext& context_;
  const Clock::time_point started_ = Clock::now();
  base::Patience patience_;  // with the server
  Clock::time_point reported_;
  bool worked_ = false;  // rows came since the last failure
  bool stopped_ = false;
  StreamStore store_;
};

}  // namespace

Status ShareMemory(int64_t memory, StreamRequest* request) {
  if (memory < StreamRequest::kSmallestMemory) {
    return ConfigurationError("--memory: a stream needs at least 32MiB: value=" +
                              std::to_string(memory));
  }
  request->queue_bytes = memory / 16;
  request->hold_bytes = memory / 4;
  request->table.staging_bytes = memory / 4;
  return Status::OK();
}

StreamOutcome RunStream(StreamSource& source, Loader& loader, const StreamRequest& request,
                        const CallContext& context) {
  return Stream(source, loader, request, context).Run();
}

}  // namespace ampload::pipeline
