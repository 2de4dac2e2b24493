#include "loader/redact.h"

#include <algorithm>
#include <optional>

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

// "host=db password=abc": from the first value on that may not be shown, all is hidden, since
// nobody knows where an unquoted password ends. nullopt: there is no such value.
std::optional<std::string> RedactKeywords(std::string_view text,
                                          std::span<const OptionSpec> options) {
  for (size_t equals = text.find('='); equals != std::string_view::npos;
       equals = text.find('=', equals + 1)) {
    const size_t last = text.find_last_not_of(' ', equals == 0 ? 0 : equals - 1);
    if (last == std::string_view::npos) continue;
    const size_t before = text.find_last_of(" \t\n'", last);
    const size_t start = before == std::string_view::npos ? 0 : before + 1;
    if (MayBeShown(text.substr(start, last + 1 - start), options)) continue;
    return std::string(text.substr(0, equals + 1)) + std::string(kHidden);
  }
  return std::nullopt;
}

}  // namespace

std::string RedactUri(std::string_view uri, std::span<const OptionSpec> options) {
  const size_t colon = uri.find(':');
  const bool has_scheme = colon != std::string_view::npos && !uri.starts_with("//");
  const size_t start = has_scheme ? colon + 1 : 0;
  const std::string scheme(uri.substr(0, start));
  const std::string rest = RedactUserInfo(uri.substr(start));
  const size_t question = rest.find('?');
  if (has_scheme && !rest.starts_with('/') && !rest.starts_with('.')) {
    if (const auto hidden = RedactKeywords(rest.substr(0, question), options)) {
      return scheme + *hidden;
    }
  }
  if (question == std::string::npos) return scheme + rest;
  return scheme + rest.substr(0, question + 1) +
         RedactQuery(std::string_view(rest).substr(question + 1), options);
}

}  // namespace ampload
