#include "source/amp/amp_address.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <vector>

#include "base/ascii.h"
#include "base/nearest_name.h"
#include "source/amp/printable.h"

namespace ampload::source {
namespace {

constexpr size_t kShownText = 200;

struct Scheme {
  std::string_view name;
  bool tls;
};
constexpr std::array kSchemes = {Scheme{"amp", false}, Scheme{"amp+tls", true},
                                 Scheme{"grpc", false}, Scheme{"grpc+tcp", false},
                                 Scheme{"grpc+tls", true}};

Status Refusal(const std::string& what, std::string_view text) {
  return ConfigurationError("--from: " + what + ": from=" + PrintableText(text, kShownText));
}

Result<bool> UsesTls(std::string_view scheme, std::string_view text) {
  const std::string lower = base::LowerAscii(scheme);
  std::vector<std::string> names;
  for (const auto& known : kSchemes) {
    if (known.name == lower) return known.tls;
    names.emplace_back(known.name);
  }
  if (lower == "https") return Refusal("an Amp server with TLS is named amp+tls://", text);
  if (lower == "http") return Refusal("an Amp server is named amp://", text);
  const auto nearest = base::NearestName(lower, names);
  return Refusal(nearest ? "unknown scheme; did you mean " + *nearest + "://"
                         : "unknown scheme; it is amp://host:1602 or amp+tls://host:1602",
                 text);
}

bool IsName(std::string_view host) {
  return !host.empty() && host.size() <= 253 &&
         host.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") ==
             std::string_view::npos;
}

bool IsIpv6(const std::string& host) {
  in6_addr address;
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

Result<uint16_t> ParsePort(std::string_view digits, std::string_view text) {
  uint16_t port = 0;
  const auto end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, port);
  if (digits.empty() || error != std::errc() || at != end || port == 0) {
    return Refusal("a port is a number from 1 to 65535", text);
  }
  return port;
}

// Takes the host off the front of `rest`, which is left at the end or at ":port".
Result<std::string> TakeHost(std::string_view* rest, std::string_view text) {
  if (rest->starts_with('[')) {
    const size_t end = rest->find(']');
    std::string host(rest->substr(1, end == std::string_view::npos ? end : end - 1));
    if (end == std::string_view::npos || !IsIpv6(host)) {
      return Refusal("what stands in brackets is no IPv6 address", text);
    }
    rest->remove_prefix(end + 1);
    return host;
  }
  const size_t colon = rest->find(':');
  std::string host(rest->substr(0, colon));
  if (colon != std::string_view::npos && rest->find(':', colon + 1) != std::string_view::npos) {
    return Refusal("an IPv6 address stands in brackets, as in amp://[::1]:1602", text);
  }
  if (!IsName(host)) return Refusal("it takes the name or the address of a host", text);
  rest->remove_prefix(colon == std::string_view::npos ? rest->size() : colon);
  return host;
}

std::string HostAndPort(const AmpAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace

Result<AmpAddress> AmpAddress::Parse(std::string_view text) {
  if (text.find('@') != std::string_view::npos) {
    return ConfigurationError(
        "--from: no user or password belongs in the address; give the token with --token or "
        "AMP_AUTH_TOKEN");
  }
  const size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) {
    return Refusal("an address begins with a scheme, as in amp://host:1602", text);
  }
  AmpAddress address;
  ARROW_ASSIGN_OR_RAISE(address.tls, UsesTls(text.substr(0, scheme_end), text));
  std::string_view rest = text.substr(scheme_end + 3);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#") != std::string_view::npos) {
    return Refusal("nothing stands behind host and port", text);
  }
  ARROW_ASSIGN_OR_RAISE(address.host, TakeHost(&rest, text));
  if (rest.empty()) return address;
  if (!rest.starts_with(':')) return Refusal("behind the host stands a port alone", text);
  ARROW_ASSIGN_OR_RAISE(address.port, ParsePort(rest.substr(1), text));
  return address;
}

std::string AmpAddress::ToString() const {
  return (tls ? "amp+tls://" : "amp://") + HostAndPort(*this);
}

std::string AmpAddress::FlightUri() const {
  return (tls ? "grpc+tls://" : "grpc+tcp://") + HostAndPort(*this);
}

}  // namespace ampload::source
