#include "source/amp/tls_roots.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

namespace ampload::source {
namespace {

// Debian, Fedora, SUSE, Alpine.
constexpr const char* kBundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                    "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
                                    "/etc/ssl/cert.pem"};

// "" and errno where it cannot be read.
std::string ReadAll(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file) text.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  if (errno != 0) text.clear();
  return text;
}

bool HasCertificate(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  return std::search(text.begin(), text.end(), kBegin.begin(), kBegin.end()) != text.end();
}

}  // namespace

Result<std::string> ReadTlsRoots(const std::string& path) {
  if (!path.empty()) {
    std::string text = ReadAll(path);
    if (errno != 0) {
      return ConfigurationError("--tls-roots: cannot be read: path=" + path +
                                " reason=" + std::strerror(errno));
    }
    if (HasCertificate(text)) return text;
    return ConfigurationError("--tls-roots: no certificate in PEM form in it: path=" + path);
  }
  std::vector<std::string> usual(std::begin(kBundles), std::end(kBundles));
  const char* named = std::getenv("SSL_CERT_FILE");
  if (named != nullptr && *named != '\0') usual.insert(usual.begin(), named);
  for (const auto& bundle : usual) {
    std::string text = ReadAll(bundle);
    if (HasCertificate(text)) return text;
  }
  return std::string();
}

}  // namespace ampload::source
