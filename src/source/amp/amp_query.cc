#include "source/amp/amp_query.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/device.h>
#include <arrow/flight/client.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <string_view>

#include "source/amp/app_metadata.h"
#include "source/amp/flight_connection.h"
#include "source/amp/printable.h"
#include "source/amp/sql_command.h"
#include "source/amp/ticket_reader.h"
#include "source/amp/tls_roots.h"
#include "source/file/valid_values.h"

namespace ampload::source {
namespace {

namespace flight = arrow::flight;
using SchemaPtr = std::shared_ptr<arrow::Schema>;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

constexpr int64_t kMostInt = std::numeric_limits<int>::max();

bool FitsHeader(std::string_view token) {
  return std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; });
}

flight::FlightClientOptions ClientOptions(const AmpQuery& query) {
  flight::FlightClientOptions options;
  options.tls_root_certs = query.certificates;
  const auto milliseconds = [](std::chrono::milliseconds time) {
    return static_cast<int>(std::clamp<int64_t>(time.count(), 1, std::numeric_limits<int>::max()));
  };
  // The limit itself is judged below, with words of our own; this one guards memory.
  const int64_t most = std::min<int64_t>(query.options.max_message_bytes, kMostInt / 4) * 4;
  const int ping = milliseconds(query.options.ping_interval);
  options.generic_options = {
      {"grpc.max_receive_message_length",
       most == 0 ? -1 : static_cast<int>(std::min<int64_t>(most, std::numeric_limits<int>::max()))},
      // A peer that is gone is found by pings, also while a stream is silent for hours.
      {"grpc.keepalive_time_ms", ping},
      {"grpc.keepalive_timeout_ms", ping},
      {"grpc.http2.ping_timeout_ms", ping},
      {"grpc.http2.max_pings_without_data", 0},
  };
  return options;
}

flight::FlightCallOptions CallOptions(const AmpOptions& options) {
  flight::FlightCallOptions call;
  if (!options.token.empty()) {
    call.headers.emplace_back("authorization", "Bearer " + options.token);
  }
  return call;
}

// The columns without metadata. A configuration error for two of one name.
Result<SchemaPtr> PlainSchema(const arrow::Schema& schema, const FlightPeer& peer) {
  arrow::FieldVector fields;
  std::set<std::string> names;
  for (const auto& field : schema.fields()) {
    if (!names.insert(field->name()).second) {
      return ConfigurationError(
          "amp: the query gives two columns of one name; rename one with AS: server=" + peer.name +
          " column=" + PrintableText(field->name(), 200));
    }
    fields.push_back(field->RemoveMetadata());
  }
  return arrow::schema(std::move(fields));
}

// The rows come as the answer to the query announced them.
Status CheckAnnounced(const arrow::Schema& announced, const arrow::Schema& sent,
                      const FlightPeer& peer) {
  const auto differs = [&](const std::string& how) {
    return DataError("amp: the rows have other columns than the server announced: server=" +
                     peer.name + " " + how);
  };
  if (announced.num_fields() != sent.num_fields()) {
    return differs("announced=" + std::to_string(announced.num_fields()) +
                   " sent=" + std::to_string(sent.num_fields()));
  }
  for (int i = 0; i < sent.num_fields(); ++i) {
    const auto& want = *announced.field(i);
    const auto& got = *sent.field(i);
    if (want.name() != got.name() || !want.type()->Equals(*got.type())) {
      return differs("announced=" + want.name() + ":" + want.type()->ToString() +
                     " sent=" + got.name() + ":" + got.type()->ToString());
    }
  }
  return Status::OK();
}

class AmpSource final : public Source {
 public:
  AmpSource(FlightConnection connection, const AmpQuery& query, flight::FlightCallOptions call,
            std::vector<flight::FlightEndpoint> endpoints, SchemaPtr schema,
            SourceEstimate estimate)
      : connection_(std::move(connection)),
        streams_(query.streams),
        most_bytes_(query.options.max_message_bytes),
        call_(std::move(call)),
        endpoints_(std::move(endpoints)),
        schema_(std::move(schema)),
        estimate_(estimate),
        pool_(query.options.pool != nullptr ? query.options.pool : arrow::default_memory_pool()) {}

  const SchemaPtr& schema() const override { return schema_; }
  SourceEstimate estimate() const override { return estimate_; }

  Result<std::optional<SourceBatch>> Next(const CallContext& context) override {
    if (done_) return std::nullopt;
    auto next = Read(context);
    if (!next.ok() || !next->has_value()) {
      done_ = true;
      reader_.reset();
    }
    return next;
  }

 private:
  Result<std::optional<SourceBatch>> Read(const CallContext& context) {
    for (;;) {
      if (reader_ == nullptr) {
        if (next_endpoint_ == endpoints_.size()) return std::nullopt;
        ARROW_ASSIGN_OR_RAISE(
            reader_, TicketReader::Open(connection_, call_, endpoints_[next_endpoint_++].ticket,
                                        pool_, context));
        is_checked_ = false;
      }
      ARROW_ASSIGN_OR_RAISE(const auto message, reader_->Next(context));
      ARROW_RETURN_NOT_OK(CheckColumns(/*at_end=*/!message.has_value()));
      if (message.has_value()) return Convert(*message);
      reader_.reset();
    }
  }

  // Once the answer has said which columns it has.
  Status CheckColumns(bool at_end) {
    if (is_checked_) return Status::OK();
    const auto sent = reader_->schema();
    if (sent != nullptr) {
      is_checked_ = true;
      return CheckAnnounced(*schema_, *sent, connection_.peer);
    }
    if (!at_end || streams_) return Status::OK();
    return TransientError("amp: the server ended its answer before the first message: server=" +
                          connection_.peer.name);
  }

  Result<SourceBatch> Convert(const FlightMessage& message) {
    SourceBatch out;
    out.origin = connection_.peer.name;
    ARROW_RETURN_NOT_OK(ReadMetadata(message.metadata.get(), &out));
    if (message.batch == nullptr) {
      ARROW_ASSIGN_OR_RAISE(out.batch, arrow::RecordBatch::MakeEmpty(schema_, pool_));
      return out;
    }
    ARROW_ASSIGN_OR_RAISE(out.batch, Own(*message.batch));
    return out;
  }

  Status ReadMetadata(const arrow::Buffer* metadata, SourceBatch* out) const {
    if (metadata == nullptr || metadata->size() == 0) return Status::OK();
    auto parsed = ParseAppMetadata(std::string_view(*metadata));
    if (!parsed.ok()) {
      if (!streams_) return Status::OK();
      return DataError(parsed.status().message() + ": server=" + connection_.peer.name);
    }
    out->ranges = std::move(parsed->ranges);
    out->ranges_complete = parsed->ranges_complete;
    return Status::OK();
  }

  // The rows in memory of our pool, aligned as Arrow likes it, and safe to read.
  Result<BatchPtr> Own(const arrow::RecordBatch& batch) const {
    const int64_t bytes = arrow::util::TotalBufferSize(batch);
    if (most_bytes_ != 0 && bytes > most_bytes_) {
      return PermanentError(
          "amp: one message of the server is larger than its share of memory; raise --memory: "
          "server=" +
          connection_.peer.name + " bytes=" + std::to_string(bytes) +
          " share=" + std::to_string(most_bytes_));
    }
    const auto memory = arrow::CPUDevice::memory_manager(pool_);
    auto copy = batch.CopyTo(memory);
    if (!copy.ok()) {
      if (copy.status().IsCancelled()) return copy.status();
      return PermanentError("amp: " + copy.status().message() +
                            ": server=" + connection_.peer.name);
    }
    const auto owned = arrow::RecordBatch::Make(schema_, (*copy)->num_rows(), (*copy)->columns());
    Status valid = CheckValues(*owned);
    for (int i = 0; valid.ok() && i < owned->num_columns(); ++i) {
      if (!schema_->field(i)->nullable() && owned->column(i)->null_count() > 0) {
        valid = Status::Invalid("a null in a column that was announced to have none: column=",
                                schema_->field(i)->name());
      }
    }
    if (valid.ok()) return owned;
    return DataError("amp: the server sent rows that Arrow does not allow: server=" +
                     connection_.peer.name + " cause=" + PrintableText(valid.message(), 500));
  }

  FlightConnection connection_;
  bool streams_;
  int64_t most_bytes_;
  flight::FlightCallOptions call_;
  std::vector<flight::FlightEndpoint> endpoints_;
  size_t next_endpoint_ = 0;
  SchemaPtr schema_;
  SourceEstimate estimate_;
  arrow::MemoryPool* pool_;
  std::unique_ptr<TicketReader> reader_;
  bool is_checked_ = false;  // the columns of the reader's answer
  bool done_ = false;
};

// What the server says to the query: columns and tickets.
Result<std::shared_ptr<flight::FlightInfo>> AskQuery(const FlightConnection& connection,
                                                     flight::FlightCallOptions call,
                                                     const AmpOptions& options,
                                                     const CallContext& context) {
  const auto now = std::chrono::steady_clock::now();
  std::chrono::duration<double> timeout = options.answer_timeout;
  if (context.deadline != std::chrono::steady_clock::time_point::max()) {
    timeout = std::min<std::chrono::duration<double>>(timeout, context.deadline - now);
  }
  call.timeout = std::max(timeout, std::chrono::duration<double>(0.001));
  return GetFlightInfo(connection, call, StatementQueryCommand(options.query), context);
}

Result<SchemaPtr> AnnouncedSchema(const flight::FlightInfo& info, const FlightPeer& peer) {
  arrow::ipc::DictionaryMemo memo;
  const auto schema = info.GetSchema(&memo);
  if (!schema.ok()) {
    return DataError("amp: the server does not say which columns the query has: server=" +
                     peer.name + " cause=" + PrintableText(schema.status().message(), 500));
  }
  return PlainSchema(**schema, peer);
}

Status CheckEndpoints(const flight::FlightInfo& info, const AmpQuery& query,
                      const FlightPeer& peer) {
  const size_t count = info.endpoints().size();
  if (count == 1 || (count > 1 && !query.streams)) return Status::OK();
  return PermanentError(
      "amp: the server gave no place to get the rows from, or several for one "
      "stream: server=" +
      peer.name + " endpoints=" + std::to_string(count));
}

std::optional<int64_t> IfKnown(int64_t amount) {
  return amount >= 0 ? std::optional<int64_t>(amount) : std::nullopt;
}

}  // namespace

Result<AmpQuery> CheckAmpQuery(AmpOptions options, bool streams) {
  AmpQuery query;
  query.streams = streams;
  if (options.query.find_first_not_of(" \t\r\n;") == std::string::npos) {
    return ConfigurationError("amp: the query is empty");
  }
  if (!IsUtf8(options.query)) return ConfigurationError("amp: the query is not valid UTF-8");
  if (!FitsHeader(options.token)) {
    return ConfigurationError(
        "amp: the token has a space, a line break or another character that no header can carry: "
        "look at --token or AMP_AUTH_TOKEN");
  }
  if (options.address.tls) {
    ARROW_ASSIGN_OR_RAISE(query.certificates, ReadTlsRoots(options.tls_roots));
  } else if (!options.tls_roots.empty()) {
    return ConfigurationError(
        "--tls-roots means something for a server with TLS only: write amp+tls:// : from=" +
        options.address.ToString());
  }
  query.options = std::move(options);
  return query;
}

Result<std::unique_ptr<Source>> OpenAmpSource(const AmpQuery& query, const FlightHeaders& headers,
                                              const CallContext& context) {
  const AmpOptions& options = query.options;
  ARROW_ASSIGN_OR_RAISE(
      auto connection, ConnectFlight(options.address.FlightUri(), ClientOptions(query),
                                     {.name = options.address.ToString(), .token = options.token}));
  auto call = CallOptions(options);
  auto asking = call;
  asking.headers.insert(asking.headers.end(), headers.begin(), headers.end());
  ARROW_ASSIGN_OR_RAISE(const auto info, AskQuery(connection, asking, options, context));
  ARROW_RETURN_NOT_OK(CheckEndpoints(*info, query, connection.peer));
  ARROW_ASSIGN_OR_RAISE(auto schema, AnnouncedSchema(*info, connection.peer));
  const SourceEstimate estimate{.rows = IfKnown(info->total_records()),
                                .bytes = IfKnown(info->total_bytes())};
  return std::make_unique<AmpSource>(std::move(connection), query, std::move(call),
                                     info->endpoints(), std::move(schema), estimate);
}

}  // namespace ampload::source
