#include "source/amp/flight_connection.h"

#include <arrow/util/uri.h>

#include <utility>

#include "source/amp/call_thread.h"

namespace ampload::source {

namespace flight = arrow::flight;
using flight::internal::ClientTransport;

namespace {

Result<std::unique_ptr<ClientTransport>> MakeTransport(const std::string& uri,
                                                       const flight::FlightClientOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto location, flight::Location::Parse(uri));
  // Flight registers its transports when the first client is made.
  ARROW_RETURN_NOT_OK(flight::FlightClient::Connect(location).status());
  ARROW_ASSIGN_OR_RAISE(auto transport, flight::internal::GetDefaultTransportRegistry()->MakeClient(
                                            location.scheme()));
  ARROW_ASSIGN_OR_RAISE(const auto parsed, arrow::util::Uri::FromString(uri));
  ARROW_RETURN_NOT_OK(transport->Init(options, location, parsed));
  return transport;
}

void CloseTransport(ClientTransport* transport) {
  const std::unique_ptr<ClientTransport> owner(transport);
  const auto nobody_could_help = owner->Close();
}

}  // namespace

Result<FlightConnection> ConnectFlight(const std::string& uri,
                                       const flight::FlightClientOptions& options,
                                       FlightPeer peer) {
  auto transport = MakeTransport(uri, options);
  if (!transport.ok()) return FlightFailure(transport.status(), peer);
  return FlightConnection{.transport = {transport->release(), CloseTransport},
                          .peer = std::move(peer)};
}

Result<std::shared_ptr<flight::FlightInfo>> GetFlightInfo(const FlightConnection& connection,
                                                          const flight::FlightCallOptions& call,
                                                          const std::string& command,
                                                          const CallContext& context) {
  auto info = CallInThread<flight::FlightInfo>(
      [transport = connection.transport, call,
       command]() -> Result<std::shared_ptr<flight::FlightInfo>> {
        std::unique_ptr<flight::FlightInfo> answer;
        ARROW_RETURN_NOT_OK(
            transport->GetFlightInfo(call, flight::FlightDescriptor::Command(command), &answer));
        return std::shared_ptr<flight::FlightInfo>(std::move(answer));
      },
      context);
  if (info.ok()) return info;
  ARROW_RETURN_NOT_OK(context.Check());
  return FlightFailure(info.status(), connection.peer);
}

}  // namespace ampload::source
