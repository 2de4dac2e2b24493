// Which store the suites run on.
#pragma once

#include <string>

#include "ampload/registry.h"
#include "conformance/kit/case_context.h"

namespace ampload::conformance {

// AMPLOAD_PLUGIN_PATH, then the install's own folder of plugins where it exists.
std::string PluginFolders();

// That of `config_file`, where one is given; else of AMPLOAD_TEST_<LOADER>_URI; else one that the
// loader's test config starts. `more` are options on top of the store's.
Result<StoreUnderTest> MakeStore(const LoaderRegistry& registry, const LoaderDescriptor& loader,
                                 const std::string& config_file, const ConfigMap& more,
                                 const std::string& plugin_folders);

}  // namespace ampload::conformance
