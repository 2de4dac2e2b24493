#include "cli/version.h"

#include <arrow/util/config.h>

namespace ampload::cli {

std::string VersionText() { return "ampload " AMPLOAD_VERSION " (Arrow " ARROW_VERSION_STRING ")"; }

}  // namespace ampload::cli
