#include "loader/redact.h"

#include <algorithm>

namespace ampload {
namespace {

constexpr std::string_view kHidden = "***";

bool MayBeShown(std::string_view name, std::span<const OptionSpec> options) {
  return std::any_of(options.begin(), options.end(), [&](const OptionSpec& option) {
    return option.name == name && !option.secret;
  });
}

// "//user:password@host/x" with the password hidden. A password may itself hold any of :/?#@ where
// it was not percent-encoded, so all up to the last @ counts.
std::string RedactUserInfo(std::string_view text) {
  if (!text.starts_with("//")) return std::string(text);
  const size_t at = text.rfind('@');
  const size_t colon = text.find(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || colon > at) {
    return std::string(text);
  }
  std::string out(text.substr(0, colon + 1));
  out += kHidden;
  return out += text.substr(at);
}

std::string RedactQuery(std::string_view query, std::span<const OptionSpec> options) {
  std::string out;
  while (true) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos || MayBeShown(part.substr(0, equals), options)) {
      out += part;
    } else {
      out += part.substr(0, equals + 1);
      out += kHidden;
    }
    if (end == query.size()) return out;
    out += '&';
    query.remove_prefix(end + 1);
  }
}

}  // namespace

std::string RedactUri(std::string_view uri, std::span<const OptionSpec> options) {
  const size_t colon = uri.find(':');
  const bool has_scheme = colon != std::string_view::npos && !uri.starts_with("//");
  const size_t start = has_scheme ? colon + 1 : 0;
  const std::string scheme(uri.substr(0, start));
  const std::string rest = RedactUserInfo(uri.substr(start));
  const size_t question = rest.find('?');
  if (question == std::string::npos) return scheme + rest;
  return scheme + rest.substr(0, question + 1) +
         RedactQuery(std::string_view(rest).substr(question + 1), options);
}

}  // namespace ampload
