// Where an Amp server is: amp://host[:port].
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::source {

struct AmpAddress {
  static constexpr uint16_t kDefaultPort = 1602;

  // amp://, grpc:// and grpc+tcp:// speak plain text, amp+tls:// and grpc+tls:// TLS; an IPv6
  // address stands in brackets. A configuration error says what is wrong and names the nearest
  // right scheme; what may be a secret in the text (user:password@) is not repeated.
  static Result<AmpAddress> Parse(std::string_view text);

  // "amp://host:1602", "amp+tls://[::1]:1602".
  std::string ToString() const;
  // As Arrow Flight wants it: "grpc+tcp://host:1602".
  std::string FlightUri() const;

  std::string host;  // an IPv6 address without its brackets
  uint16_t port = kDefaultPort;
  bool tls = false;
};

}  // namespace ampload::source
