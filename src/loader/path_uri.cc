#include <string>

#include "ampload/registry.h"

namespace ampload {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> PercentDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
    const int low = high >= 0 ? HexValue(text[i + 2]) : -1;
    if (low < 0) return ConfigurationError("a % needs two hex digits after it: write %25 for %");
    const char byte = static_cast<char>(high * 16 + low);
    if (byte == '\0') return ConfigurationError("%00 stands for no character of a path or option");
    out += byte;
    i += 2;
  }
  return out;
}

// "name=value" into `out`; the value is not quoted in errors, it may be a secret.
Status ReadQueryPart(std::string_view part, ConfigMap* out) {
  const size_t equals = part.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return ConfigurationError("after the ? come options, name=value, with & between them");
  }
  ARROW_ASSIGN_OR_RAISE(const std::string name, PercentDecode(part.substr(0, equals)));
  ARROW_ASSIGN_OR_RAISE(std::string value, PercentDecode(part.substr(equals + 1)));
  if (!out->emplace(name, std::move(value)).second) {
    return ConfigurationError("option is given twice: option=" + name);
  }
  return Status::OK();
}

Result<ConfigMap> Parse(std::string_view rest, std::string_view path_option) {
  if (rest.starts_with("//")) {
    if (!rest.starts_with("///")) {
      return ConfigurationError("a path follows the scheme at once, without //");
    }
    rest.remove_prefix(2);
  }
  const size_t question = rest.find('?');
  ConfigMap out;
  ARROW_ASSIGN_OR_RAISE(std::string path, PercentDecode(rest.substr(0, question)));
  if (!path.empty()) out.emplace(path_option, std::move(path));
  if (question == std::string_view::npos) return out;
  std::string_view query = rest.substr(question + 1);
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    ARROW_RETURN_NOT_OK(ReadQueryPart(query.substr(0, end), &out));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return out;
}

}  // namespace

Result<ConfigMap> ParsePathUri(std::string_view uri, std::string_view path_option) {
  const size_t colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return ConfigurationError("a target is SCHEME:PATH");
  }
  auto config = Parse(uri.substr(colon + 1), path_option);
  if (config.ok()) return config;
  return WithContext(config.status(), uri.substr(0, colon));
}

}  // namespace ampload
