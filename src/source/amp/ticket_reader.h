// The answer behind one ticket: one Flight message after the other.
#pragma once

#include <arrow/buffer.h>
#include <arrow/flight/client.h>
#include <arrow/record_batch.h>

#include <memory>
#include <optional>

#include "ampload/call_context.h"
#include "ampload/status.h"
#include "source/amp/flight_connection.h"

namespace ampload::source {

struct FlightMessage {
  std::shared_ptr<arrow::RecordBatch> batch;  // null: the message has no rows, not even zero
  std::shared_ptr<arrow::Buffer> metadata;    // may be null
};

// Used from one thread. Its destruction cancels the call.
class TicketReader {
 public:
  // Sends the ticket; waits for no message. `pool` takes what is unpacked, not messages as they
  // come.
  static Result<std::unique_ptr<TicketReader>> Open(const FlightConnection& connection,
                                                    arrow::flight::FlightCallOptions call,
                                                    const arrow::flight::Ticket& ticket,
                                                    arrow::MemoryPool* pool,
                                                    const CallContext& context);
  ~TicketReader();

  // Null until a message brought it: Next() does not return a batch before.
  std::shared_ptr<arrow::Schema> schema() const;

  // Waits for a message; nullopt at the end of the answer. Cancelled once the context ends, and the
  // call with it. Nothing is read ahead but what gRPC's window lets the server send. After a
  // failure it is done.
  Result<std::optional<FlightMessage>> Next(const CallContext& context);

 private:
  class Messages;
  TicketReader(std::unique_ptr<Messages> messages, const arrow::ipc::IpcReadOptions& options,
               FlightPeer peer);
  Result<std::optional<FlightMessage>> Read();
  Status End(const arrow::Status& cause);

  std::unique_ptr<Messages> messages_;
  std::shared_ptr<arrow::ipc::RecordBatchStreamReader> batches_;  // null until the schema is there
  arrow::ipc::IpcReadOptions options_;
  FlightPeer peer_;
};

}  // namespace ampload::source
