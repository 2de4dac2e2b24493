#include "conformance/amp/server/flight_service.h"

#include <arrow/buffer.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/writer.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "conformance/amp/server/flight_sql.h"
#include "conformance/amp/wire_metadata.h"

namespace ampload::conformance {
namespace {

namespace flight = arrow::flight;
using Json = nlohmann::json;

std::string HeaderOf(const flight::ServerCallContext& context, std::string_view name) {
  const auto header = context.incoming_headers().find(name);
  return header == context.incoming_headers().end() ? std::string() : std::string(header->second);
}

// As gRPC's code, by the kind of the failure.
Status OverTheWire(const Status& status) {
  if (status.ok() || status.IsCancelled()) return status;
  switch (KindOf(status)) {
    case FailureKind::kTransient:
      return flight::MakeFlightError(flight::FlightStatusCode::Unavailable, MessageOf(status));
    case FailureKind::kConfiguration:
      return Status::Invalid(MessageOf(status));
    default:
      return flight::MakeFlightError(flight::FlightStatusCode::Internal, MessageOf(status));
  }
}

// A stream's messages as Flight's. `context` lives as long as the call, and so longer than this.
class DataStream : public flight::FlightDataStream {
 public:
  DataStream(std::shared_ptr<arrow::Schema> schema, std::unique_ptr<ServedStream> stream,
             const flight::ServerCallContext& context)
      : schema_(std::move(schema)), stream_(std::move(stream)), context_(context) {}

  std::shared_ptr<arrow::Schema> schema() override { return schema_; }

  Result<flight::FlightPayload> GetSchemaPayload() override {
    flight::FlightPayload payload;
    ARROW_RETURN_NOT_OK(arrow::ipc::GetSchemaPayload(
        *schema_, options_, arrow::ipc::DictionaryFieldMapper(*schema_), &payload.ipc_message));
    return payload;
  }

  Result<flight::FlightPayload> Next() override {
    auto next = stream_->Next([this] { return context_.is_cancelled(); });
    ARROW_RETURN_NOT_OK(OverTheWire(next.status()));
    flight::FlightPayload payload;
    if (!next->has_value()) return payload;  // an empty one is the end
    WireMessage& message = **next;
    if (message.metadata) {
      payload.app_metadata = arrow::Buffer::FromString(std::move(*message.metadata));
    }
    ARROW_RETURN_NOT_OK(
        arrow::ipc::GetRecordBatchPayload(*message.rows, options_, &payload.ipc_message));
    return payload;
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<ServedStream> stream_;
  const flight::ServerCallContext& context_;
  const arrow::ipc::IpcWriteOptions options_ = arrow::ipc::IpcWriteOptions::Defaults();
};

}  // namespace

Status FlightService::CheckToken(const flight::ServerCallContext& context) const {
  if (options_.token.empty()) return Status::OK();
  const std::string given = HeaderOf(context, "authorization");
  if (given == "Bearer " + options_.token) return Status::OK();
  chains_->Say(given.empty() ? "refused: no token" : "refused: a wrong token");
  return flight::MakeFlightError(flight::FlightStatusCode::Unauthenticated,
                                 given.empty() ? "a bearer token is needed" : "the token is wrong");
}

Status FlightService::GetFlightInfo(const flight::ServerCallContext& context,
                                    const flight::FlightDescriptor& request,
                                    std::unique_ptr<flight::FlightInfo>* info) {
  ARROW_RETURN_NOT_OK(CheckToken(context));
  const auto query = DecodeStatementQuery(request.cmd);
  ARROW_RETURN_NOT_OK(OverTheWire(query.status()));
  if (!options_.expect_query.empty() && *query != options_.expect_query) {
    chains_->Say("refused: another query: " + *query);
    return Status::Invalid("the query is not the one expected: " + *query);
  }
  const bool streaming = HeaderOf(context, "amp-stream") == "true" || AsksForStream(*query);
  const std::string resume = HeaderOf(context, "amp-resume");
  ARROW_RETURN_NOT_OK(OverTheWire(chains_->Admit([&] { return context.is_cancelled(); })));
  chains_->Say("asked: " + *query + (streaming ? " as a stream" : "") +
               (resume.empty() ? "" : " behind " + resume));
  flight::FlightEndpoint endpoint;
  // What a header says need not be valid UTF-8.
  endpoint.ticket.ticket = Json{{"stream", streaming}, {"resume", resume}}.dump(
      -1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  ARROW_ASSIGN_OR_RAISE(auto made, flight::FlightInfo::Make(chains_->schema(), request, {endpoint},
                                                            /*total_records=*/-1,
                                                            /*total_bytes=*/-1));
  *info = std::make_unique<flight::FlightInfo>(std::move(made));
  return Status::OK();
}

Status FlightService::DoGet(const flight::ServerCallContext& context, const flight::Ticket& request,
                            std::unique_ptr<flight::FlightDataStream>* stream) {
  ARROW_RETURN_NOT_OK(CheckToken(context));
  const Json ticket = Json::parse(request.ticket, nullptr, /*allow_exceptions=*/false);
  if (!ticket.is_object()) return Status::Invalid("the ticket is none of this server's");
  const bool streaming = ticket.value("stream", false);
  StreamCursor cursor;
  if (streaming) cursor = ParseResume(ticket.value("resume", "")).value_or(StreamCursor{});
  auto opened = chains_->Open(cursor, /*finite=*/!streaming);
  ARROW_RETURN_NOT_OK(OverTheWire(opened.status()));
  *stream = std::make_unique<DataStream>(chains_->schema(), std::move(*opened), context);
  return Status::OK();
}

}  // namespace ampload::conformance
