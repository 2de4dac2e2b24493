// Shell patterns over names: pure text, no file system.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"

namespace ampload::source {

// True where the text has a * ? [ or { that is not escaped with a backslash.
bool HasGlob(std::string_view text);

// "a{b,c}d" becomes "abd" and "acd"; braces nest; a brace without a comma or without its end stays
// as it is. A configuration error where the alternatives multiply to more than 10,000.
Result<std::vector<std::string>> ExpandBraces(std::string_view pattern);

// One name (no slash) against one component: * any letters, ? one letter, [a-z] [!a-z] a set,
// backslash escapes. A leading dot is matched only by a dot.
bool MatchesGlob(std::string_view pattern, std::string_view name);

// The components between slashes; empty ones are left out.
std::vector<std::string> PathParts(std::string_view path);

// The text with its backslash escapes resolved.
std::string Unescape(std::string_view pattern);

}  // namespace ampload::source
