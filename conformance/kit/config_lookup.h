// Which LoaderTestConfig goes with a loader: one built in, one beside a plugin, or one that asks
// the loader itself.
#pragma once

#include <memory>
#include <string>

#include "ampload/conformance/loader_test_config.h"

namespace ampload::conformance {

// The one for that loader: built in; else the file `conformance/<loader>.so` in one of the
// colon-separated folders of plugins; else one that looks at tables through the loader's own
// GetTableInfo and ReadRows, which is no oracle of its own (`*is_generic` tells). A file that is
// there and cannot be used is an error.
Result<std::unique_ptr<LoaderTestConfig>> MakeTestConfig(const std::string& loader,
                                                         const std::string& plugin_folders,
                                                         bool* is_generic);

}  // namespace ampload::conformance
