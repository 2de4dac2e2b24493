// A Flight server that a test tells what to answer. It speaks only as much as the client asks for.
#pragma once

#include <arrow/flight/server.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/util/compression.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ampload::source {

// One thing that happens in an answer.
struct AnswerStep {
  std::shared_ptr<arrow::RecordBatch> batch = nullptr;
  std::string metadata = {};
  bool garbage = false;  // the message of the batch is damaged
  bool stall = false;    // says nothing more until the server ends or the client has cancelled
  arrow::Status failure = {};
};

struct Answer {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<AnswerStep> steps;
  bool stall_first = false;  // not even the schema comes
  bool packed = false;       // with ZSTD
};

class FlightServerForTest : public arrow::flight::FlightServerBase {
 public:
  using Headers = std::multimap<std::string, std::string>;

  // Started on a free port of loopback.
  static std::unique_ptr<FlightServerForTest> Start(
      std::vector<arrow::flight::CertKeyPair> certificates = {}) {
    namespace flight = arrow::flight;
    auto server = std::make_unique<FlightServerForTest>();
    const bool tls = !certificates.empty();
    flight::FlightServerOptions options(
        tls ? flight::Location::ForGrpcTls("127.0.0.1", 0).ValueOrDie()
            : flight::Location::ForGrpcTcp("127.0.0.1", 0).ValueOrDie());
    options.tls_certificates = std::move(certificates);
    EXPECT_TRUE(server->Init(options).ok());
    return server;
  }

  ~FlightServerForTest() override { Stop(); }

  // Ends every stall, and every call that is still under way.
  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      changed_.notify_all();
    }
    if (std::exchange(down_, true)) return;
    const auto now = std::chrono::system_clock::now();
    EXPECT_TRUE(Shutdown(&now).ok());
  }

  // What GetFlightInfo announces; empty endpoints: one, "0".
  std::shared_ptr<arrow::Schema> announced;
  std::vector<std::string> tickets = {"0"};
  arrow::Status info_failure;
  bool info_stalls = false;
  int64_t total_records = -1;
  std::map<std::string, Answer> answers;  // by ticket

  // What came.
  Headers info_headers() const { return Read(info_headers_); }
  Headers get_headers() const { return Read(get_headers_); }
  std::string command() const { return Read(command_); }

  // Waits for `happened`, which is asked for under the lock; false: not within a minute.
  bool WaitFor(const std::function<bool()>& happened) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), happened);
  }
  bool WaitForStall() {
    return WaitFor([this] { return stalling_ > 0; });
  }
  bool WaitForCancel() {
    return WaitFor([this] { return saw_cancel_; });
  }

  arrow::Status GetFlightInfo(const arrow::flight::ServerCallContext& context,
                              const arrow::flight::FlightDescriptor& request,
                              std::unique_ptr<arrow::flight::FlightInfo>* info) override {
    namespace flight = arrow::flight;
    {
      const std::lock_guard lock(mutex_);
      info_headers_ = Copy(context.incoming_headers());
      command_ = request.cmd;
    }
    if (info_stalls) Stall(context);
    ARROW_RETURN_NOT_OK(info_failure);
    std::vector<flight::FlightEndpoint> endpoints;
    for (const auto& ticket : tickets) {
      endpoints.push_back(flight::FlightEndpoint{{ticket}, {}, std::nullopt, ""});
    }
    ARROW_ASSIGN_OR_RAISE(
        auto made, flight::FlightInfo::Make(*announced, request, endpoints, total_records, -1));
    *info = std::make_unique<flight::FlightInfo>(std::move(made));
    return arrow::Status::OK();
  }

  arrow::Status DoGet(const arrow::flight::ServerCallContext& context,
                      const arrow::flight::Ticket& ticket,
                      std::unique_ptr<arrow::flight::FlightDataStream>* stream) override {
    {
      const std::lock_guard lock(mutex_);
      get_headers_ = Copy(context.incoming_headers());
    }
    const Answer& answer = answers.at(ticket.ticket);
    if (answer.stall_first) Stall(context);
    *stream = std::make_unique<Script>(this, &context, answer);
    return arrow::Status::OK();
  }

 private:
  class Script final : public arrow::flight::FlightDataStream {
   public:
    Script(FlightServerForTest* server, const arrow::flight::ServerCallContext* context,
           const Answer& answer)
        : server_(server), context_(context), answer_(answer), mapper_(*answer.schema) {
      if (answer.packed) {
        options_.codec = arrow::util::Codec::Create(arrow::Compression::ZSTD).ValueOrDie();
      }
    }

    std::shared_ptr<arrow::Schema> schema() override { return answer_.schema; }

    arrow::Result<arrow::flight::FlightPayload> GetSchemaPayload() override {
      arrow::flight::FlightPayload payload;
      ARROW_RETURN_NOT_OK(
          arrow::ipc::GetSchemaPayload(*answer_.schema, options_, mapper_, &payload.ipc_message));
      return payload;
    }

    arrow::Result<arrow::flight::FlightPayload> Next() override {
      if (!dictionaries_.empty()) return TakeDictionary();
      if (at_ == answer_.steps.size()) return arrow::flight::FlightPayload{};
      const AnswerStep& step = answer_.steps[at_];
      if (step.stall) server_->Stall(*context_);
      ARROW_RETURN_NOT_OK(step.failure);
      if (step.batch == nullptr) return arrow::flight::FlightPayload{};
      if (!collected_) {
        ARROW_ASSIGN_OR_RAISE(auto found, arrow::ipc::CollectDictionaries(*step.batch, mapper_));
        for (auto& [id, dictionary] : found) {
          if (sent_.insert(id).second) dictionaries_.emplace_back(id, dictionary);
        }
        collected_ = true;
        if (!dictionaries_.empty()) return TakeDictionary();
      }
      collected_ = false;
      ++at_;
      arrow::flight::FlightPayload payload;
      ARROW_RETURN_NOT_OK(
          arrow::ipc::GetRecordBatchPayload(*step.batch, options_, &payload.ipc_message));
      if (step.garbage) payload.ipc_message.metadata = arrow::Buffer::FromString("garbage!");
      if (!step.metadata.empty()) payload.app_metadata = arrow::Buffer::FromString(step.metadata);
      return payload;
    }

   private:
    arrow::Result<arrow::flight::FlightPayload> TakeDictionary() {
      arrow::flight::FlightPayload payload;
      const auto [id, dictionary] = dictionaries_.front();
      dictionaries_.pop_front();
      ARROW_RETURN_NOT_OK(
          arrow::ipc::GetDictionaryPayload(id, dictionary, options_, &payload.ipc_message));
      return payload;
    }

    FlightServerForTest* server_;
    const arrow::flight::ServerCallContext* context_;
    Answer answer_;
    arrow::ipc::DictionaryFieldMapper mapper_;
    arrow::ipc::IpcWriteOptions options_ = arrow::ipc::IpcWriteOptions::Defaults();
    size_t at_ = 0;
    bool collected_ = false;
    std::set<int64_t> sent_;
    std::deque<std::pair<int64_t, std::shared_ptr<arrow::Array>>> dictionaries_;
  };

  static Headers Copy(const arrow::flight::CallHeaders& headers) {
    Headers copy;
    for (const auto& [name, value] : headers) copy.emplace(name, value);
    return copy;
  }

  template <class T>
  T Read(const T& member) const {
    const std::lock_guard lock(mutex_);
    return member;
  }

  void Stall(const arrow::flight::ServerCallContext& context) {
    std::unique_lock lock(mutex_);
    ++stalling_;
    changed_.notify_all();
    // gRPC tells of a cancelled call only when it is asked.
    while (!stopped_ && !context.is_cancelled()) {
      changed_.wait_for(lock, std::chrono::milliseconds(5));
    }
    if (!stopped_) saw_cancel_ = true;
    --stalling_;
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  bool down_ = false;
  int stalling_ = 0;
  Headers info_headers_;
  Headers get_headers_;
  std::string command_;
  bool saw_cancel_ = false;
};

}  // namespace ampload::source
