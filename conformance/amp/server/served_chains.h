// The chains that a server serves, its faults and its streams: everything that its threads share.
// Knows no network protocol.
#pragma once

#include <arrow/table.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/status.h"
#include "ampload/stream_source.h"
#include "conformance/amp/chain_model.h"
#include "conformance/amp/fault.h"
#include "conformance/amp/wire_stream.h"

namespace ampload::conformance {

struct ServingOptions {
  ProducerOptions producer = {};
  bool shuffle_rows = false;  // every connection gives a block's rows in another order
  std::vector<Fault> faults = {};
  std::chrono::milliseconds keep_alive{0};  // 0: none
  // A line for every thing that happens, from any thread; must not call back.
  std::function<void(const std::string&)> on_event = {};
  // After each change of a chain, while none can change; must not call back.
  std::function<Status(std::span<const ModelChain* const>)> on_change = {};
};

class ServedChains;

// One stream that is open. Used from one thread.
class ServedStream {
 public:
  // Blocks until there is a message; nullopt where the stream has ended. Transient errors: it was
  // broken, or the server goes away. Cancelled where `cancelled` says so; it is asked every few
  // milliseconds.
  Result<std::optional<WireMessage>> Next(const std::function<bool()>& cancelled);

 private:
  friend class ServedChains;
  ServedStream(ServedChains* chains, uint64_t number, bool finite,
               std::unique_ptr<WireStream> wire);

  ServedChains* chains_;
  uint64_t number_;
  bool finite_;  // ends where a stream would wait
  std::unique_ptr<WireStream> wire_;
  uint64_t breaks_;  // of the server, when this was opened
  uint64_t ends_;
  bool stalled_ = false;
  std::chrono::steady_clock::time_point last_said_;
};

// Safe from any thread. Outlives its streams.
class ServedChains {
 public:
  // At least one chain; they share one BlockRows.
  ServedChains(std::vector<ModelChain> chains, ServingOptions options);

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  // A query comes in. OK where it may be answered; a transient error where it is refused, or has
  // waited for an answer until the server went away. Cancelled where `cancelled` says so.
  Status Admit(const std::function<bool()>& cancelled);

  // Opens a stream behind the cursor, or one of all that there is now, which ends.
  Result<std::unique_ptr<ServedStream>> Open(const StreamCursor& cursor, bool finite);

  // Changes the chain of a network (empty: the first), and wakes every stream. A configuration
  // error where there is no such network.
  Status Change(const std::string& network, const std::function<Status(ModelChain&)>& change);

  // Breaks, or properly ends, every stream that is open now.
  void BreakStreams();
  void EndStreams();

  // Returns once a range of the network (empty: the first) that ends at or after `block` was sent
  // completely, and none of its blocks up to there was taken back since.
  Status WaitUntilSent(const std::string& network, uint64_t block, const CallContext& context);

  Result<std::shared_ptr<arrow::Table>> CanonicalRows() const;

  // What the clients sent so far, one a stream, in order.
  std::vector<StreamCursor> cursors() const;

  void Say(const std::string& event) const;

 private:
  friend class ServedStream;

  Result<ModelChain*> Find(const std::string& network);
  StreamCursor StartOf(const StreamCursor& cursor);
  std::vector<const ModelChain*> View() const;

  const ServingOptions options_;
  std::shared_ptr<arrow::Schema> schema_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<ModelChain> chains_;
  FaultPlan plan_;
  std::vector<StreamCursor> cursors_;
  uint64_t queries_ = 0;
  uint64_t resumed_ = 0;  // streams that came with a cursor
  uint64_t breaks_ = 0;
  uint64_t ends_ = 0;
  std::map<std::string, uint64_t> sent_;  // by network: one more than the highest block sent
};

}  // namespace ampload::conformance
