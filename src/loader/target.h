// `--to TARGET`: a URI or the name of a connection, as a loader that is ready to connect.
#pragma once

#include <memory>
#include <string>

#include "ampload/loader.h"
#include "ampload/registry.h"
#include "loader/config_file.h"

namespace ampload {

struct Target {
  const LoaderDescriptor* descriptor = nullptr;  // owned by the registry
  ConfigMap config;
  std::string display;  // for people: the target with secrets replaced by ***
};

// A configuration error names the nearest connection, scheme or loader. A text without a scheme
// that is no connection's name is never taken for a path.
Result<Target> ResolveTarget(const LoaderRegistry& registry, const ConfigFile& config,
                             std::string_view text);

Result<std::unique_ptr<Loader>> MakeLoader(const Target& target);

}  // namespace ampload
