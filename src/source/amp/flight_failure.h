// What a failed Flight call means for us.
#pragma once

#include <string>

#include "ampload/status.h"

namespace ampload::source {

// Who was asked, for messages; `token` is blotted out wherever the server repeats it.
struct FlightPeer {
  std::string name;  // "amp://host:1602"
  std::string token;
};

// The server's or gRPC's failure as one of ours, told by its code, with that code as store_code:
//
//   Unavailable, TimedOut, Cancelled, Internal, Failed     transient
//   RESOURCE_EXHAUSTED                                     transient
//   Unauthenticated, Unauthorized                          configuration: the token
//   Invalid (the query or the resume position), not found  configuration, in the server's words
//   everything else                                        permanent
//
// At most 2,000 bytes of the server's words, without control characters.
Status FlightFailure(const arrow::Status& cause, const FlightPeer& peer);

}  // namespace ampload::source
