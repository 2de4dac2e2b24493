// One query on one connection: what Open of a stream and of a finite query have in common.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "source/amp/amp_client.h"

namespace ampload::source {

using FlightHeaders = std::vector<std::pair<std::string, std::string>>;

struct AmpQuery {
  AmpOptions options;        // checked
  std::string certificates;  // PEM; empty without TLS
  bool streams = false;
};

// A configuration error for what can be told wrong without asking anybody.
Result<AmpQuery> CheckAmpQuery(AmpOptions options, bool streams);

// Connects and asks the query, with these headers beside the token's; the rows are asked for by the
// first Next().
Result<std::unique_ptr<Source>> OpenAmpSource(const AmpQuery& query, const FlightHeaders& headers,
                                              const CallContext& context);

}  // namespace ampload::source
