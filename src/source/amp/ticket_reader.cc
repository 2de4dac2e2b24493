#include "source/amp/ticket_reader.h"

#include <arrow/flight/transport.h>
#include <arrow/ipc/message.h>
#include <arrow/ipc/reader.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "source/amp/call_thread.h"
#include "source/amp/printable.h"

namespace ampload::source {

namespace flight = arrow::flight;
using flight::internal::ClientDataStream;
using flight::internal::FlightData;

// The messages of one call.
class TicketReader::Messages {
 public:
  Messages(const FlightConnection& connection, std::shared_ptr<ClientDataStream> stream)
      : transport_(connection.transport), stream_(std::move(stream)) {}
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;
  ~Messages() { Cancel(); }

  // From any thread.
  void Cancel() { stream_->TryCancel(); }

  // Waits for the next message and keeps it for Take(). False at the end of the answer.
  bool Wait() {
    waiting_ = FlightData();
    has_waiting_ = stream_->ReadData(&waiting_);
    ended_ = !has_waiting_;
    return has_waiting_;
  }
  const FlightData& waiting() const { return waiting_; }

  // The message that waits, else the next one. nullptr at the end.
  Result<std::unique_ptr<arrow::ipc::Message>> Take() {
    if (!has_waiting_ && !Wait()) return nullptr;
    has_waiting_ = false;
    metadata_ = std::move(waiting_.app_metadata);
    return waiting_.OpenMessage();
  }
  // Of the message that was taken last.
  std::shared_ptr<arrow::Buffer> TakeMetadata() { return std::move(metadata_); }

  bool ended() const { return ended_; }

  // How the call ended. One that has not is cancelled: gRPC would wait for its end.
  arrow::Status Finish() {
    if (!ended_) Cancel();
    return stream_->Finish(arrow::Status::OK());
  }

 private:
  std::shared_ptr<flight::internal::ClientTransport> transport_;
  std::shared_ptr<ClientDataStream> stream_;
  FlightData waiting_;
  bool has_waiting_ = false;
  bool ended_ = false;
  std::shared_ptr<arrow::Buffer> metadata_;
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

// What Arrow's decoder asks for messages.
class TakenMessages final : public arrow::ipc::MessageReader {
 public:
  using Take = std::function<Result<std::unique_ptr<arrow::ipc::Message>>()>;
  explicit TakenMessages(Take take) : take_(std::move(take)) {}
  Result<std::unique_ptr<arrow::ipc::Message>> ReadNextMessage() override { return take_(); }

 private:
  Take take_;
};

}  // namespace

Result<std::unique_ptr<TicketReader>> TicketReader::Open(const FlightConnection& connection,
                                                         flight::FlightCallOptions call,
                                                         const flight::Ticket& ticket,
                                                         arrow::MemoryPool* pool,
                                                         const CallContext& context) {
  const auto stream = CallInThread<ClientDataStream>(
      [transport = connection.transport, call,
       ticket]() -> Result<std::shared_ptr<ClientDataStream>> {
        std::unique_ptr<ClientDataStream> started;
        ARROW_RETURN_NOT_OK(transport->DoGet(call, ticket, &started));
        return std::shared_ptr<ClientDataStream>(std::move(started));
      },
      context);
  if (!stream.ok()) {
    ARROW_RETURN_NOT_OK(context.Check());
    return FlightFailure(stream.status(), connection.peer);
  }
  call.read_options.memory_pool = pool;
  call.read_options.use_threads = false;
  return std::unique_ptr<TicketReader>(new TicketReader(
      std::make_unique<Messages>(connection, *stream), call.read_options, connection.peer));
}

TicketReader::TicketReader(std::unique_ptr<Messages> messages,
                           const arrow::ipc::IpcReadOptions& options, FlightPeer peer)
    : messages_(std::move(messages)), options_(options), peer_(std::move(peer)) {}

TicketReader::~TicketReader() = default;

std::shared_ptr<arrow::Schema> TicketReader::schema() const {
  return batches_ == nullptr ? nullptr : batches_->schema();
}

Result<std::optional<FlightMessage>> TicketReader::Next(const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  auto next = [&] {
    const std::stop_callback on_stop(context.stop, [this] { messages_->Cancel(); });
    const DeadlineWatch at_deadline(context.deadline, [this] { messages_->Cancel(); });
    return Read();
  }();
  if (!next.ok()) ARROW_RETURN_NOT_OK(context.Check());
  return next;
}

Result<std::optional<FlightMessage>> TicketReader::Read() {
  while (messages_->Wait()) {
    const FlightData& data = messages_->waiting();
    if (data.metadata == nullptr) {
      // Not of Arrow: words of the server beside the rows, or nothing at all, to keep alive.
      if (data.app_metadata == nullptr) continue;
      return FlightMessage{.batch = nullptr, .metadata = data.app_metadata};
    }
    if (batches_ == nullptr) {
      auto opened = arrow::ipc::RecordBatchStreamReader::Open(
          std::make_unique<TakenMessages>([this] { return messages_->Take(); }), options_);
      if (!opened.ok()) return End(opened.status());
      batches_ = std::move(*opened);
      continue;
    }
    FlightMessage message;
    const arrow::Status read = batches_->ReadNext(&message.batch);
    if (!read.ok()) return End(read);
    if (message.batch == nullptr) break;  // the answer ended behind a dictionary
    message.metadata = messages_->TakeMetadata();
    return message;
  }
  ARROW_RETURN_NOT_OK(End(arrow::Status::OK()));
  return std::nullopt;
}

// The failure that ended the answer: the server's, else `cause`, which is the decoder's.
Status TicketReader::End(const arrow::Status& cause) {
  const bool by_server = messages_->ended();
  const arrow::Status finished = messages_->Finish();
  if (by_server && !finished.ok()) return FlightFailure(finished, peer_);
  if (cause.ok() || cause.IsCancelled()) return cause;
  if (cause.IsOutOfMemory()) {
    return PermanentError("amp: " + cause.message() + ": server=" + peer_.name);
  }
  return DataError("amp: a message of the server cannot be read: server=" + peer_.name +
                   " cause=" + PrintableText(cause.message(), 500));
}

}  // namespace ampload::source
