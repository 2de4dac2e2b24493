// Bytes as hex digits and back.
#pragma once

#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::base {

// Lower-case digits, no prefix.
std::string ToHex(std::string_view bytes);

// With or without 0x, any case. An odd number of digits or another character is a data error.
Result<std::string> FromHex(std::string_view digits);

}  // namespace ampload::base
