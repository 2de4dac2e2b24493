#include "cli/secret_arguments.h"
#include "base/ascii.h"

#include <algorithm>
#include <cstring>

namespace ampload::cli {
namespace {

// The password of scheme://user:password@: from the colon to the last @ before the path. A password
// with a bare "/" or "?" (which should be percent-encoded) is still covered, unless it is digits up
// to there: that is a port.
void MaskUserInfo(std::string& text) {
  const size_t scheme = text.find("://");
  if (scheme == std::string::npos) return;
  const size_t user = scheme + 3;
  const size_t path = text.find_first_of("/?#", user);
  size_t at = text.substr(0, path).rfind('@');
  if (at == std::string::npos || at < user) at = text.rfind('@');
  if (at == std::string::npos || at < user) return;
  const size_t colon = text.find(':', user);
  if (colon == std::string::npos || colon > at) return;
  if (path != std::string::npos && path < at) {
    const bool is_port = text.find_first_not_of("0123456789", colon + 1) == path;
    if (is_port) return;
  }
  std::fill(text.begin() + static_cast<ptrdiff_t>(colon) + 1,
            text.begin() + static_cast<ptrdiff_t>(at), '*');
}

void MaskNamedValues(std::string& text, const std::set<std::string>& names) {
  for (size_t equals = text.find('='); equals != std::string::npos;
       equals = text.find('=', equals + 1)) {
    const size_t before =
        equals == 0 ? std::string::npos : text.find_last_of("?&;:, -='", equals - 1);
    const size_t start = before == std::string::npos ? 0 : before + 1;
    if (!names.contains(base::LowerAscii(std::string_view(text).substr(start, equals - start))))
      continue;
    // Within a URI's query a value ends at &; elsewhere it is the rest.
    const bool in_query = start > 0 && (text[start - 1] == '?' || text[start - 1] == '&');
    const size_t end = in_query ? std::min(text.find('&', equals), text.size()) : text.size();
    std::fill(text.begin() + static_cast<ptrdiff_t>(equals) + 1,
              text.begin() + static_cast<ptrdiff_t>(end), '*');
  }
}

// "--token", whose value is the next argument.
bool IsSecretOption(std::string_view argument, const std::set<std::string>& names) {
  return argument.starts_with("--") && names.contains(base::LowerAscii(argument.substr(2)));
}

}  // namespace

std::set<std::string> SecretNames(const LoaderRegistry& registry) {
  std::set<std::string> names = {"password", "passwd",      "pwd",        "secret",
                                 "token",    "private_key", "credential", "api_key",
                                 "apikey",   "pgpassword",  "sslpassword"};
  for (const auto& loader : registry.loaders()) {
    for (const auto& option : loader.options) {
      if (option.secret) names.insert(base::LowerAscii(option.name));
    }
  }
  return names;
}

std::string MaskSecrets(std::string_view argument, const std::set<std::string>& names) {
  std::string text(argument);
  MaskUserInfo(text);
  MaskNamedValues(text, names);
  return text;
}

void OverwriteSecrets(int argc, char** argv, const std::set<std::string>& names) {
  for (int i = 1; i < argc; ++i) {
    const bool is_value = i > 1 && IsSecretOption(argv[i - 1], names);
    const std::string masked =
        is_value ? std::string(std::strlen(argv[i]), '*') : MaskSecrets(argv[i], names);
    std::copy(masked.begin(), masked.end(), argv[i]);
  }
}

}  // namespace ampload::cli
