// The JSON of the stream protocol, as a server reads and writes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ampload/stream_source.h"
#include "conformance/amp/stream_producer.h"

namespace ampload::conformance {

// What stands in app_metadata:
//   {"ranges":[{"network":"main","numbers":{"start":0,"end":19},"hash":"0x..","prev_hash":"0x..",
//               "timestamp":1700000000}],"ranges_complete":false}
std::string MetadataOf(const ModelMessage& message);

// The header `amp-resume`: {"main":{"number":19,"hash":"0x.."}}. nullopt where it cannot be read,
// which a real server passes over in silence.
std::optional<StreamCursor> ParseResume(std::string_view text);

}  // namespace ampload::conformance
