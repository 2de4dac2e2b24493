// SHA-256, for fingerprints and content digests.
#pragma once

#include <string>
#include <string_view>

namespace ampload::base {

// 64 lower-case hex digits.
std::string Sha256Hex(std::string_view bytes);

}  // namespace ampload::base
