// Letters of ASCII alone, whatever the locale; every other byte stays.
#pragma once

#include <string>
#include <string_view>

namespace ampload::base {

inline std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace ampload::base
