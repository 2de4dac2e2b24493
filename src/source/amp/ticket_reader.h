// The answer behind one ticket: one Flight message after the other.
#pragma once

#include <arrow/buffer.h>
#include <arrow/flight/client.h>
#include <arrow/record_batch.h>

#include <memory>
#include <optional>
#include <string>

#include "ampload/call_context.h"
#include "ampload/status.h"
#include "source/amp/flight_failure.h"
#include "source/amp/watched_pool.h"

namespace ampload::source {

class CallEnd;

// One TCP connection to a server.
struct FlightConnection {
  std::shared_ptr<arrow::flight::FlightClient> client;
  std::shared_ptr<CallEnd> call_end;  // how the newest DoGet has ended
  FlightPeer peer;
};

Result<FlightConnection> ConnectFlight(const std::string& uri,
                                       arrow::flight::FlightClientOptions options, FlightPeer peer);

struct FlightMessage {
  std::shared_ptr<arrow::RecordBatch> batch;  // null: the message has no rows, not even zero
  std::shared_ptr<arrow::Buffer> metadata;    // may be null
};

// Used from one thread. Its destruction cancels the call.
class TicketReader {
 public:
  // Sends the ticket and waits for the first message, which a server may send much later. nullptr:
  // the server ended the answer before it. `pool`: see IpcReadOptions::memory_pool; it holds what
  // is unpacked, not messages as they come.
  static Result<std::unique_ptr<TicketReader>> Open(const FlightConnection& connection,
                                                    arrow::flight::FlightCallOptions call,
                                                    const arrow::flight::Ticket& ticket,
                                                    arrow::MemoryPool* pool,
                                                    const CallContext& context);
  ~TicketReader();

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  // Waits for a message; nullopt at the end of the answer. Cancelled once the context ends, and the
  // call with it. Nothing is read ahead but what gRPC's window lets the server send.
  Result<std::optional<FlightMessage>> Next(const CallContext& context);

 private:
  struct Call;
  TicketReader(std::shared_ptr<Call> call, std::shared_ptr<arrow::Schema> schema,
               std::shared_ptr<CallEnd> end, FlightPeer peer);
  Status Failure(const arrow::Status& cause) const;

  std::shared_ptr<Call> call_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<CallEnd> end_;
  FlightPeer peer_;
};

}  // namespace ampload::source
