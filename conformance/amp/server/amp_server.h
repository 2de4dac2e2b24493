// An Amp server for tests: model chains behind Arrow Flight, on loopback.
//
//   ASSERT_OK_AND_ASSIGN(auto server, AmpServer::Start(std::move(chains), {}));
//   load from server->address();
//   server->chains().Change("main", [](ModelChain& chain) { return chain.Reorg(3, 5); });
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/status.h"
#include "conformance/amp/chain_model.h"
#include "conformance/amp/chain_script.h"
#include "conformance/amp/server/flight_service.h"
#include "conformance/amp/server/served_chains.h"

namespace ampload::conformance {

struct AmpServerOptions {
  int port = 0;               // 0: a free one
  std::string tls_cert = {};  // PEM texts; both or neither
  std::string tls_key = {};
  FlightServiceOptions service = {};
  ServingOptions serving = {};
};

// Its own verbs are for one thread; the chains may be changed from any.
class AmpServer {
 public:
  // At least one chain; they share one BlockRows. A port that is taken is a configuration error.
  static Result<std::unique_ptr<AmpServer>> Start(std::vector<ModelChain> chains,
                                                  AmpServerOptions options);
  ~AmpServer();  // closes

  int port() const { return port_; }
  std::string address() const;  // amp://127.0.0.1:PORT, or grpc+tls://

  ServedChains& chains() { return *chains_; }

  // Breaks every stream and gives the port free; Reopen takes it again. Both do nothing where it is
  // so already.
  Status Close();
  Status Reopen();

  // Lets the steps happen, one after the other. Cancelled where the context says so.
  Status Play(std::span<const ChainStep> steps, const CallContext& context);

 private:
  AmpServer(std::unique_ptr<ServedChains> chains, AmpServerOptions options);
  Status PlayOne(const ChainStep& step, const CallContext& context);

  AmpServerOptions options_;
  int port_ = 0;
  std::unique_ptr<ServedChains> chains_;
  std::unique_ptr<FlightService> service_;  // none while closed
};

}  // namespace ampload::conformance
