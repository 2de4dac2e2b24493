// What a person may see of a URI.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ampload/options.h"

namespace ampload {

// The URI with *** for the password of user:password@ and for the value of each query part, or of
// each keyword in SCHEME:name=value name=value, that is no known option, or a secret one. Rather
// hides too much than too little. Pure.
std::string RedactUri(std::string_view uri, std::span<const OptionSpec> options);

}  // namespace ampload
