#include "loaders/postgresql/parallel_copy.h"

#include <chrono>
#include <optional>
#include <utility>

#include "ampload/fault_point.h"

namespace ampload::postgresql {
namespace {

constexpr auto kLook = std::chrono::milliseconds(100);  // how soon a caller's stop is seen

}  // namespace

ParallelCopy::ParallelCopy(ParallelPlan plan) : plan_(std::move(plan)) {
  for (int i = 0; i < plan_.workers; ++i) {
    workers_.emplace_back([this](const std::stop_token& stop) { Work(stop); });
  }
}

ParallelCopy::~ParallelCopy() { EndWorkers(); }

void ParallelCopy::EndWorkers() {
  for (auto& worker : workers_) worker.request_stop();
  workers_.clear();  // joins
}

void ParallelCopy::Fail(const Status& status) {
  const std::lock_guard lock(mutex_);
  if (failure_.ok()) failure_ = status;
  changed_.notify_all();
}

void ParallelCopy::Work(const std::stop_token& stop) {
  try {
    const Status done = CopyAll(stop);
    if (!done.ok()) Fail(done);
  } catch (const std::exception& e) {
    Fail(PermanentError("postgresql: a worker failed: " + std::string(e.what())));
  }
}

std::optional<TupleRun> ParallelCopy::Take(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [&] { return !waiting_.empty() || complete_ || !failure_.ok(); });
  if (waiting_.empty() || stop.stop_requested() || !failure_.ok()) return std::nullopt;
  TupleRun run = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= run.bytes->size();
  changed_.notify_all();
  return run;
}

Status ParallelCopy::CopyAll(const std::stop_token& stop) {
  CallContext context;
  context.stop = stop;
  ARROW_ASSIGN_OR_RAISE(auto connection, Connection::Open(plan_.keywords, context));
  ARROW_RETURN_NOT_OK(connection->Run(plan_.begin, context));
  CopyStream copy(*connection, plan_.copy_statement, plan_.where, plan_.flush_bytes);
  while (auto run = Take(stop)) ARROW_RETURN_NOT_OK(copy.Put(*run, context));
  ARROW_RETURN_NOT_OK(context.Check());
  {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return Status::OK();  // another worker's; ours is rolled back
  }
  ARROW_RETURN_NOT_OK(copy.End(context));
  AMPLOAD_FAULT_POINT("postgresql.worker.before_commit");
  ARROW_RETURN_NOT_OK(connection->Run("COMMIT", context));
  AMPLOAD_FAULT_POINT("postgresql.worker.after_commit");
  const std::lock_guard lock(mutex_);
  ++committed_;
  changed_.notify_all();
  return Status::OK();
}

Status ParallelCopy::Put(TupleRun run, const CallContext& context) {
  std::unique_lock lock(mutex_);
  const auto fits = [&] {
    return !failure_.ok() || waiting_.empty() ||
           waiting_bytes_ + run.bytes->size() <= plan_.queue_bytes;
  };
  while (!changed_.wait_for(lock, kLook, fits)) ARROW_RETURN_NOT_OK(context.Check());
  ARROW_RETURN_NOT_OK(failure_);
  waiting_bytes_ += run.bytes->size();
  waiting_.push_back(std::move(run));
  changed_.notify_all();
  return Status::OK();
}

Status ParallelCopy::Finish(const CallContext& context) {
  std::unique_lock lock(mutex_);
  complete_ = true;
  changed_.notify_all();
  const auto ended = [&] { return !failure_.ok() || committed_ == plan_.workers; };
  while (!changed_.wait_for(lock, kLook, ended)) ARROW_RETURN_NOT_OK(context.Check());
  const Status failure = failure_;
  lock.unlock();
  EndWorkers();
  return failure;
}

}  // namespace ampload::postgresql
