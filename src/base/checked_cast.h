// Narrowing that cannot be silent: uint64, decimals, lengths and counts go through here.
#pragma once

#include <concepts>
#include <limits>
#include <string>
#include <utility>

#include "ampload/status.h"

namespace ampload::base {

// The same value in another integer type; a data error names `what` and the value where it does not
// fit.
template <std::integral To, std::integral From>
Result<To> CheckedCast(From value, std::string_view what) {
  if (!std::in_range<To>(value)) {
    return DataError(std::string(what) + ": value does not fit: value=" + std::to_string(value));
  }
  return static_cast<To>(value);
}

}  // namespace ampload::base
