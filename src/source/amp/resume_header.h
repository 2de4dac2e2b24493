// How a stream is told where to go on.
#pragma once

#include <string>

#include "ampload/stream_source.h"

namespace ampload::source {

// The value of the header "amp-resume", in ASCII: {"mainnet":{"number":112,"hash":"0x.."}}. Pure.
std::string ResumeHeader(const StreamCursor& cursor);

}  // namespace ampload::source
