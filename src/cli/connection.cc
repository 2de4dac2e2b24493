#include "cli/connection.h"

#include <optional>

namespace ampload::cli {

Result<Target> FindTarget(const LoaderRegistry& registry, const SharedOptions& shared,
                          const std::string& text) {
  const auto path =
      shared.config.empty() ? std::nullopt : std::optional<std::string>(shared.config);
  ARROW_ASSIGN_OR_RAISE(const ConfigFile config, ReadConfigFile(path));
  ARROW_ASSIGN_OR_RAISE(Target target, ResolveTarget(registry, config, text));
  for (const auto& option : shared.options) {
    const size_t equals = option.find('=');
    if (equals == std::string::npos || equals == 0) {
      return ConfigurationError("--option: expected NAME=VALUE, as in --option map_size=1GiB");
    }
    target.config[option.substr(0, equals)] = option.substr(equals + 1);
  }
  return target;
}

Result<std::unique_ptr<Loader>> ConnectTo(const Target& target, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto loader, MakeLoader(target));
  ARROW_RETURN_NOT_OK(loader->Connect(context));
  return loader;
}

}  // namespace ampload::cli
