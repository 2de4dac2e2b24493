// Text of a server, made fit for a message of ours.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ampload::source {

// At most `most` bytes of it, with "..." where something was cut off. Line breaks and tabs become
// spaces; other control characters, and bytes that are not UTF-8, a question mark. Pure.
std::string PrintableText(std::string_view text, size_t most);

bool IsUtf8(std::string_view text);

}  // namespace ampload::source
