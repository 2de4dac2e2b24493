// An Amp server as a source: SQL in, Arrow batches out, over Arrow Flight.
#pragma once

#include <arrow/memory_pool.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "ampload/source.h"
#include "ampload/stream_source.h"
#include "source/amp/amp_address.h"

namespace ampload::source {

struct AmpOptions {
  AmpAddress address;
  std::string query;      // SQL
  std::string token;      // secret, for "authorization: Bearer"; empty: none is sent
  std::string tls_roots;  // a PEM file of certificates to trust; empty: the system's

  // Where batches are allocated; it must outlive the sources and their batches. Null: Arrow's
  // default. Messages on their way are gRPC's memory, beside the pool: about 10 MiB and, seen with
  // messages of 20 MB, five of them; no more come while nobody asks for the next.
  arrow::MemoryPool* pool = nullptr;
  // A larger message is a permanent error that says to raise --memory; four times as large, gRPC
  // does not take it in and the call is cancelled, a transient one. 0: no limit.
  int64_t max_message_bytes = 0;

  // For the connection and the answer to the query, not for the rows.
  std::chrono::milliseconds answer_timeout{30'000};
  // How often a silent server is asked whether it lives; without an answer the connection ends.
  std::chrono::milliseconds ping_interval{30'000};
};

// Endless, from a cursor: one FlightData message a batch. Sends "amp-stream: true" and, for a
// cursor that is not empty, "amp-resume". A message without rows gives a batch of 0 rows. See
// StreamSource for the rest. Reads the certificates, connects nothing; configuration errors for an
// empty query, a token that no header can carry, a file of certificates that cannot be read. A
// server that fails inside (INTERNAL) before it has ever answered the query is a permanent failure.
Result<std::unique_ptr<StreamSource>> MakeAmpStream(AmpOptions options);

// The answer to a query that ends. An answer that breaks off fails, always. Ranges that can be read
// are in the batches; those that cannot are left out.
Result<std::unique_ptr<Source>> OpenAmpQuery(AmpOptions options, const CallContext& context);

}  // namespace ampload::source
