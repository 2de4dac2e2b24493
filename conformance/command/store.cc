#include "conformance/command/store.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "conformance/kit/config_lookup.h"
#include "loader/config_file.h"
#include "loader/target.h"

namespace ampload::conformance {
namespace {

namespace fs = std::filesystem;

std::string VariableOf(const std::string& loader) {
  std::string upper = loader;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return "AMPLOAD_TEST_" + upper + "_URI";
}

Result<ConfigMap> OptionsOf(const LoaderRegistry& registry, const LoaderDescriptor& loader,
                            const ConfigFile& config, const std::string& target) {
  ARROW_ASSIGN_OR_RAISE(auto resolved, ResolveTarget(registry, config, target));
  if (resolved.descriptor->name != loader.name) {
    return ConfigurationError("the target is another loader's: wanted=" + loader.name +
                              " target=" + resolved.display);
  }
  return std::move(resolved.config);
}

// The one connection of that loader.
Result<ConfigMap> OptionsInFile(const LoaderRegistry& registry, const LoaderDescriptor& loader,
                                const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const auto config, ReadConfigFile(path));
  std::vector<std::string> names;
  ConfigMap options;
  Status problem;
  for (const auto& [name, connection] : config.connections) {
    auto resolved = OptionsOf(registry, loader, config, name);
    if (!resolved.ok()) {
      problem = resolved.status();
      continue;
    }
    names.push_back(name);
    options = *std::move(resolved);
  }
  if (names.size() == 1) return options;
  if (names.empty() && config.connections.size() == 1) return problem;
  return ConfigurationError(
      "the config file has " + std::string(names.empty() ? "no" : "more than one") +
      " connection of this loader; one is wanted: loader=" + loader.name + " file=" + path);
}

}  // namespace

std::string PluginFolders() {
  const char* given = std::getenv("AMPLOAD_PLUGIN_PATH");
  std::string folders = given != nullptr ? given : "";
  std::error_code error;
  const auto program = fs::read_symlink("/proc/self/exe", error);
  const auto installed = program.parent_path().parent_path() / "lib" / "ampload" / "loaders";
  if (!error && fs::is_directory(installed, error)) {
    folders += (folders.empty() ? "" : ":") + installed.string();
  }
  return folders;
}

Result<StoreUnderTest> MakeStore(const LoaderRegistry& registry, const LoaderDescriptor& loader,
                                 const std::string& config_file, const ConfigMap& more,
                                 const std::string& plugin_folders) {
  StoreUnderTest store;
  store.loader = &loader;
  store.plugin_folders = plugin_folders;
  bool is_generic = false;
  ARROW_ASSIGN_OR_RAISE(store.config, MakeTestConfig(loader.name, plugin_folders, &is_generic));
  if (is_generic) {
    std::cerr << "ampload-conformance: there is no test config for " << loader.name
              << ": its tables are looked at through the loader itself\n";
  }
  const char* uri = std::getenv(VariableOf(loader.name).c_str());
  if (!config_file.empty()) {
    ARROW_ASSIGN_OR_RAISE(store.options, OptionsInFile(registry, loader, config_file));
  } else if (uri != nullptr && *uri != '\0') {
    ARROW_ASSIGN_OR_RAISE(store.options, OptionsOf(registry, loader, ConfigFile{}, uri));
  } else {
    ARROW_ASSIGN_OR_RAISE(store.options, store.config->StartStore());
  }
  for (const auto& [name, value] : more) store.options[name] = value;
  ARROW_ASSIGN_OR_RAISE(store.traits, TraitsOf(loader, store.options));
  return store;
}

}  // namespace ampload::conformance
