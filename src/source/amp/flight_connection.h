// One TCP connection to a Flight server.
//
// Arrow's own FlightClient is not used: its DoGet cannot be interrupted while it waits for the
// first message, which an Amp server may send hours later, and after a damaged message its reader
// waits for the end of the answer, which a stream does not have. What is below it,
// flight/transport.h, has neither fault.
#pragma once

#include <arrow/flight/client.h>
#include <arrow/flight/transport.h>

#include <memory>
#include <string>

#include "ampload/call_context.h"
#include "ampload/status.h"
#include "source/amp/flight_failure.h"

namespace ampload::source {

struct FlightConnection {
  std::shared_ptr<arrow::flight::internal::ClientTransport> transport;
  FlightPeer peer;
};

// Connects nothing yet; the first call does. `uri`: grpc+tcp://host:port or grpc+tls://.
Result<FlightConnection> ConnectFlight(const std::string& uri,
                                       const arrow::flight::FlightClientOptions& options,
                                       FlightPeer peer);

// What the server says to a command: columns and tickets.
Result<std::shared_ptr<arrow::flight::FlightInfo>> GetFlightInfo(
    const FlightConnection& connection, const arrow::flight::FlightCallOptions& call,
    const std::string& command, const CallContext& context);

}  // namespace ampload::source
