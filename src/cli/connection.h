// From TARGET, the config file and --option to a loader.
#pragma once

#include <memory>
#include <string>

#include "ampload/loader.h"
#include "cli/shared_options.h"
#include "loader/target.h"

namespace ampload::cli {

// The target with --option applied. Connects nothing; the registry must outlive it.
Result<Target> FindTarget(const LoaderRegistry& registry, const SharedOptions& shared,
                          const std::string& text);

// A connected loader.
Result<std::unique_ptr<Loader>> ConnectTo(const Target& target, const CallContext& context);

}  // namespace ampload::cli
