// The certificates that a TLS server is judged by.
#pragma once

#include <string>

#include "ampload/status.h"

namespace ampload::source {

// The PEM texts of `path`; of the system's usual bundle (or SSL_CERT_FILE) where it is empty, or ""
// where there is none, which leaves it to gRPC. A configuration error for a path that cannot be
// read or holds no certificate.
Result<std::string> ReadTlsRoots(const std::string& path);

}  // namespace ampload::source
