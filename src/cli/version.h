// The version of the command.
#pragma once

#include <string>

namespace ampload::cli {

std::string VersionText();  // "ampload 0.1.0 (Arrow 26.0.1)"

}  // namespace ampload::cli
