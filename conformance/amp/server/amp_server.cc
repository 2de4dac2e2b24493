#include "conformance/amp/server/amp_server.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace ampload::conformance {
namespace {

namespace flight = arrow::flight;

// How long a stream has to notice that the server closes.
constexpr std::chrono::milliseconds kGrace{500};

Status SleepFor(uint64_t ms, const CallContext& context) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, context.stop, std::chrono::milliseconds(ms), [] { return false; });
  return context.Check();
}

}  // namespace

AmpServer::AmpServer(std::unique_ptr<ServedChains> chains, AmpServerOptions options)
    : options_(std::move(options)), port_(options_.port), chains_(std::move(chains)) {}

AmpServer::~AmpServer() { (void)Close(); }

Result<std::unique_ptr<AmpServer>> AmpServer::Start(std::vector<ModelChain> chains,
                                                    AmpServerOptions options) {
  if (chains.empty()) return ConfigurationError("server: no chain to serve");
  auto serving = options.serving;
  std::unique_ptr<AmpServer> server(new AmpServer(
      std::make_unique<ServedChains>(std::move(chains), std::move(serving)), std::move(options)));
  ARROW_RETURN_NOT_OK(server->Reopen());
  return server;
}

std::string AmpServer::address() const {
  return (options_.tls_cert.empty() ? "amp://127.0.0.1:" : "grpc+tls://127.0.0.1:") +
         std::to_string(port_);
}

Status AmpServer::Reopen() {
  if (service_) return Status::OK();
  const bool tls = !options_.tls_cert.empty();
  ARROW_ASSIGN_OR_RAISE(const auto location,
                        tls ? flight::Location::ForGrpcTls("127.0.0.1", port_)
                            : flight::Location::ForGrpcTcp("127.0.0.1", port_));
  flight::FlightServerOptions options(location);
  if (tls) options.tls_certificates.push_back({options_.tls_cert, options_.tls_key});
  auto service = std::make_unique<FlightService>(chains_.get(), options_.service);
  const Status opened = service->Init(options);
  if (!opened.ok()) {
    return ConfigurationError("server: cannot listen: port=" + std::to_string(port_) + ": " +
                              opened.message());
  }
  service_ = std::move(service);
  port_ = service_->port();
  return Status::OK();
}

Status AmpServer::Close() {
  if (!service_) return Status::OK();
  chains_->BreakStreams();
  const auto deadline = std::chrono::system_clock::now() + kGrace;
  const Status closed = service_->Shutdown(&deadline);
  service_.reset();
  return closed;
}

Status AmpServer::PlayOne(const ChainStep& step, const CallContext& context) {
  switch (step.verb) {
    case ChainVerb::kMine:
      return chains_->Change(step.network, [&](ModelChain& chain) {
        chain.Mine(step.numbers[0]);
        return Status::OK();
      });
    case ChainVerb::kReorg:
      return chains_->Change(step.network, [&](ModelChain& chain) {
        return chain.Reorg(step.numbers[0], step.numbers[1]);
      });
    case ChainVerb::kWaitSent:
      return chains_->WaitUntilSent(step.network, step.numbers[0], context);
    case ChainVerb::kSleep:
      return SleepFor(step.numbers[0], context);
    case ChainVerb::kDisconnect:
      chains_->BreakStreams();
      return Status::OK();
    case ChainVerb::kEnd:
      chains_->EndStreams();
      return Status::OK();
    case ChainVerb::kDown:
      ARROW_RETURN_NOT_OK(Close());
      ARROW_RETURN_NOT_OK(SleepFor(step.numbers[0], context));
      return Reopen();
  }
  return Status::OK();
}

Status AmpServer::Play(std::span<const ChainStep> steps, const CallContext& context) {
  for (const ChainStep& step : steps) {
    ARROW_RETURN_NOT_OK(context.Check());
    chains_->Say("script: " + step.text);
    ARROW_RETURN_NOT_OK(WithContext(PlayOne(step, context), "script step '" + step.text + "'"));
  }
  return Status::OK();
}

}  // namespace ampload::conformance
