// "did you mean": the known name that a wrong one was probably meant to be.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ampload::base {

// The candidate with the smallest edit distance (a swap counts as one edit), case ignored; nullopt
// where even the best differs in more than a third of its letters.
std::optional<std::string> NearestName(std::string_view wrong,
                                       std::span<const std::string> candidates);

}  // namespace ampload::base
