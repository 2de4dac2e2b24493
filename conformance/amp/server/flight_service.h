// The chains over Arrow Flight, as an Amp server offers them.
#pragma once

#include <arrow/flight/server.h>

#include <memory>
#include <string>

#include "conformance/amp/server/served_chains.h"

namespace ampload::conformance {

struct FlightServiceOptions {
  std::string token =
      {};  // that every call must bring as `authorization: Bearer TOKEN`; empty: none
  std::string expect_query = {};  // the only one that is accepted; empty: any
};

// GetFlightInfo reads the query and the headers amp-stream and amp-resume, and puts them into the
// ticket; DoGet streams. `chains` outlives it.
class FlightService : public arrow::flight::FlightServerBase {
 public:
  FlightService(ServedChains* chains, FlightServiceOptions options)
      : chains_(chains), options_(std::move(options)) {}

  Status GetFlightInfo(const arrow::flight::ServerCallContext& context,
                       const arrow::flight::FlightDescriptor& request,
                       std::unique_ptr<arrow::flight::FlightInfo>* info) override;
  Status DoGet(const arrow::flight::ServerCallContext& context,
               const arrow::flight::Ticket& request,
               std::unique_ptr<arrow::flight::FlightDataStream>* stream) override;

 private:
  Status CheckToken(const arrow::flight::ServerCallContext& context) const;

  ServedChains* chains_;
  FlightServiceOptions options_;
};

}  // namespace ampload::conformance
