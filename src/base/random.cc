#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cstdlib>

#include "base/hex.h"

namespace ampload::base {

std::string RandomNonce() {
  std::array<unsigned char, 16> bytes;
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) abort();
  return ToHex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace ampload::base
