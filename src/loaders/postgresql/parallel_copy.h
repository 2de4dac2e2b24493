// One table filled over several connections at once, each with a transaction of its own: for a
// table that nobody else knows of yet. The order of rows is not kept.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "ampload/status.h"
#include "loaders/postgresql/connection.h"
#include "loaders/postgresql/copy_stream.h"

namespace ampload::postgresql {

struct ParallelPlan {
  ConnectionKeywords keywords;
  std::string begin;           // what opens each transaction
  std::string copy_statement;  // FROM STDIN (FORMAT binary)
  std::string where;           // ends messages
  int workers = 2;
  int64_t flush_bytes = 0;
  int64_t queue_bytes = 0;  // that may wait for all workers together
};

// Used from one thread; the workers are its own.
class ParallelCopy {
 public:
  explicit ParallelCopy(ParallelPlan plan);
  ~ParallelCopy();  // without Finish: every transaction is rolled back
  ParallelCopy(const ParallelCopy&) = delete;
  ParallelCopy& operator=(const ParallelCopy&) = delete;

  // Waits while more than queue_bytes are on their way. The first failure of any worker.
  Status Put(TupleRun run, const CallContext& context);
  // Every row is in the table and committed; or a failure, and then some may be.
  Status Finish(const CallContext& context);

 private:
  void Work(const std::stop_token& stop);
  Status CopyAll(const std::stop_token& stop);
  // The next run; nullopt: there is no more.
  std::optional<TupleRun> Take(const std::stop_token& stop);
  void Fail(const Status& status);
  void EndWorkers();

  const ParallelPlan plan_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<TupleRun> waiting_;
  int64_t waiting_bytes_ = 0;
  bool complete_ = false;  // no run comes any more: commit
  int committed_ = 0;      // workers that have
  Status failure_;
  std::vector<std::jthread> workers_;
};

}  // namespace ampload::postgresql
