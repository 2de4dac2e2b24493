#include "source/amp/ticket_reader.h"

#include <arrow/flight/client_middleware.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "source/amp/call_thread.h"

namespace ampload::source {

namespace flight = arrow::flight;

// Hears from gRPC how the newest DoGet ended: the reader itself cannot tell an empty message from
// the end, nor the server's failure from one of its own.
class CallEnd final : public flight::ClientMiddlewareFactory {
 public:
  // nullopt: it has not ended.
  std::optional<arrow::Status> status() const {
    const std::lock_guard lock(*mutex_);
    return *status_;
  }

  void StartCall(const flight::CallInfo& info,
                 std::unique_ptr<flight::ClientMiddleware>* middleware) override {
    if (info.method != flight::FlightMethod::DoGet) return;
    const std::lock_guard lock(*mutex_);
    status_->reset();
    *middleware = std::make_unique<Ear>(mutex_, status_);
  }

 private:
  class Ear final : public flight::ClientMiddleware {
   public:
    Ear(std::shared_ptr<std::mutex> mutex, std::shared_ptr<std::optional<arrow::Status>> status)
        : mutex_(std::move(mutex)), status_(std::move(status)) {}
    void SendingHeaders(flight::AddCallHeaders* /*headers*/) override {}
    void ReceivedHeaders(const flight::CallHeaders& /*headers*/) override {}
    void CallCompleted(const arrow::Status& status) override {
      const std::lock_guard lock(*mutex_);
      *status_ = status;
    }

   private:
    std::shared_ptr<std::mutex> mutex_;
    std::shared_ptr<std::optional<arrow::Status>> status_;
  };

  std::shared_ptr<std::mutex> mutex_ = std::make_shared<std::mutex>();
  std::shared_ptr<std::optional<arrow::Status>> status_ =
      std::make_shared<std::optional<arrow::Status>>();
};

Result<FlightConnection> ConnectFlight(const std::string& uri, flight::FlightClientOptions options,
                                       FlightPeer peer) {
  FlightConnection connection{
      .client = nullptr, .call_end = std::make_shared<CallEnd>(), .peer = std::move(peer)};
  options.middleware.push_back(connection.call_end);
  const auto location = flight::Location::Parse(uri);
  if (!location.ok()) return FlightFailure(location.status(), connection.peer);
  auto client = flight::FlightClient::Connect(*location, options);
  if (!client.ok()) return FlightFailure(client.status(), connection.peer);
  connection.client = std::move(*client);
  return connection;
}

// What the call needs until its end, in whichever thread that is. The client outlives the reader,
// the reader the pool's use.
struct TicketReader::Call {
  explicit Call(arrow::MemoryPool* parent) : pool(parent) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() { Cancel(); }

  void Cancel() {
    if (reader != nullptr) reader->Cancel();
  }

  WatchedPool pool;
  std::shared_ptr<flight::FlightClient> client;
  std::unique_ptr<flight::FlightStreamReader> reader;
  std::shared_ptr<arrow::Schema> schema;
};

namespace {

// Calls `at_end` when the deadline comes and this is still there.
class DeadlineWatch {
 public:
  DeadlineWatch(std::chrono::steady_clock::time_point deadline, std::function<void()> at_end) {
    if (deadline == std::chrono::steady_clock::time_point::max()) return;
    thread_ = std::jthread([deadline, at_end = std::move(at_end)](const std::stop_token& stop) {
      std::mutex mutex;
      std::condition_variable_any never;
      std::unique_lock lock(mutex);
      never.wait_until(lock, stop, deadline, [] { return false; });
      if (!stop.stop_requested()) at_end();
    });
  }

 private:
  std::jthread thread_;
};

Status Damaged(const arrow::Status& cause, const FlightPeer& peer) {
  return DataError("amp: a message of the server cannot be read: server=" + peer.name +
                   " cause=" + cause.message());
}

}  // namespace

Result<std::unique_ptr<TicketReader>> TicketReader::Open(const FlightConnection& connection,
                                                         flight::FlightCallOptions call,
                                                         const flight::Ticket& ticket,
                                                         arrow::MemoryPool* pool,
                                                         const CallContext& context) {
  const auto parts = std::make_shared<Call>(pool);
  parts->client = connection.client;
  call.read_options.memory_pool = &parts->pool;
  call.read_options.use_threads = false;
  const auto opened = CallInThread<Call>(
      [parts, call, ticket]() -> Result<std::shared_ptr<Call>> {
        ARROW_ASSIGN_OR_RAISE(parts->reader, parts->client->DoGet(call, ticket));
        ARROW_ASSIGN_OR_RAISE(parts->schema, parts->reader->GetSchema());
        return parts;
      },
      context);
  if (!opened.ok()) {
    ARROW_RETURN_NOT_OK(context.Check());
    const auto end = connection.call_end->status();
    if (!end.has_value()) return opened.status();  // no thread for it
    if (!end->ok()) return FlightFailure(opened.status(), connection.peer);
    // Flight's own word for an answer without a message.
    if (flight::FlightStatusDetail::UnwrapStatus(opened.status()) != nullptr) return nullptr;
    return Damaged(opened.status(), connection.peer);
  }
  return std::unique_ptr<TicketReader>(
      new TicketReader(parts, parts->schema, connection.call_end, connection.peer));
}

TicketReader::TicketReader(std::shared_ptr<Call> call, std::shared_ptr<arrow::Schema> schema,
                           std::shared_ptr<CallEnd> end, FlightPeer peer)
    : call_(std::move(call)),
      schema_(std::move(schema)),
      end_(std::move(end)),
      peer_(std::move(peer)) {
  // Arrow's reader would wait for the end of the answer before it told of a refusal.
  call_->pool.SetOnRefusal([call = call_.get()] { call->Cancel(); });
}

TicketReader::~TicketReader() { call_->Cancel(); }

Status TicketReader::Failure(const arrow::Status& cause) const {
  const Status refusal = call_->pool.refusal();
  if (refusal.IsCancelled()) return refusal;
  if (!refusal.ok()) {
    return PermanentError("amp: " + refusal.message() + ": server=" + peer_.name);
  }
  const auto end = end_->status();
  return end.has_value() && !end->ok() ? FlightFailure(cause, peer_) : Damaged(cause, peer_);
}

Result<std::optional<FlightMessage>> TicketReader::Next(const CallContext& context) {
  for (;;) {
    ARROW_RETURN_NOT_OK(context.Check());
    arrow::Result<flight::FlightStreamChunk> chunk;
    {
      const std::stop_callback on_stop(context.stop, [this] { call_->Cancel(); });
      const DeadlineWatch at_deadline(context.deadline, [this] { call_->Cancel(); });
      chunk = call_->reader->Next();
    }
    if (!chunk.ok()) {
      ARROW_RETURN_NOT_OK(context.Check());
      return Failure(chunk.status());
    }
    if (chunk->data != nullptr || chunk->app_metadata != nullptr) {
      return FlightMessage{std::move(chunk->data), std::move(chunk->app_metadata)};
    }
    if (end_->status().has_value()) return std::nullopt;
  }
}

}  // namespace ampload::source
