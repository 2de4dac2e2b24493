// The two protobuf messages of Flight SQL that a query comes in.
#pragma once

#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::conformance {

// The query in a descriptor's command: Any{type_url, CommandStatementQuery{1: query}}. A
// configuration error for every other command, and for bytes that are no such message.
Result<std::string> DecodeStatementQuery(std::string_view command);

// Whether the query itself asks for a stream: `SETTINGS stream = true`, any case.
bool AsksForStream(std::string_view query);

}  // namespace ampload::conformance
