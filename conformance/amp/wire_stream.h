// A connection as it goes over the wire: the producer's messages with their metadata as text, and
// the faults among them. Still pure: no server, no clock.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ampload/block_range.h"
#include "ampload/status.h"
#include "conformance/amp/fault.h"
#include "conformance/amp/stream_producer.h"

namespace ampload::conformance {

struct WireMessage {
  std::optional<std::string> metadata;  // app_metadata; none: the message has none
  std::shared_ptr<arrow::RecordBatch> rows;
  std::vector<BlockRange> completed;  // the ranges that are complete with this message, truly
};

struct NothingNow {};    // until a chain changes
struct Stalled {};       // for ever
struct Disconnected {};  // at once
struct Ended {};         // properly

using WireEvent = std::variant<WireMessage, NothingNow, Stalled, Disconnected, Ended>;

// Used under the lock of the chains and of the plan, which outlive it. After anything but a message
// or NothingNow the connection is done.
class WireStream {
 public:
  WireStream(std::unique_ptr<StreamProducer> producer, FaultPlan* plan)
      : producer_(std::move(producer)), plan_(plan) {}

  Result<WireEvent> Next();

  // What may be said while there is nothing to say.
  WireMessage KeepAlive();

 private:
  bool Happens(FaultKind kind) { return plan_->Take(kind, sent_ + 1, done_); }
  Result<std::optional<ModelMessage>> NextOfProducer();
  std::optional<std::string> Metadata(const ModelMessage& message);

  std::unique_ptr<StreamProducer> producer_;
  FaultPlan* plan_;
  FaultPlan::Done done_;
  uint64_t sent_ = 0;                     // messages
  std::vector<ModelMessage> microbatch_;  // what was sent of the newest
  std::deque<ModelMessage> again_;        // to be sent once more
  bool ends_ = false;                     // after the message that was sent last
};

}  // namespace ampload::conformance
