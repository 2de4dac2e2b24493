#include "conformance/kit/config_lookup.h"

#include <dlfcn.h>

#include <filesystem>
#include <sstream>

#include "ampload/conformance/export.h"
#include "conformance/kit/built_in_configs.h"

namespace ampload::conformance {
namespace {

namespace fs = std::filesystem;

// For a plugin without a test config. Tables stay: a loader has no verb that drops one.
class GenericTestConfig final : public LoaderTestConfig {
 public:
  explicit GenericTestConfig(std::string loader) : loader_(std::move(loader)) {}

  Result<ConfigMap> StartStore() override {
    return ConfigurationError(
        "there is no test config for this loader, so the store must be named: set "
        "AMPLOAD_TEST_<LOADER>_URI or give --config: loader=" +
        loader_);
  }
  Result<int64_t> GetRowCount(Loader& loader, const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(const auto info, loader.GetTableInfo(table));
    return info.has_value() && info->exists ? info->row_count : 0;
  }
  Result<std::shared_ptr<arrow::Table>> QueryRows(Loader& loader, const std::string& table,
                                                  std::span<const Predicate> where,
                                                  std::span<const std::string> order_by) override {
    ARROW_ASSIGN_OR_RAISE(const auto rows, loader.ReadRows(table, {.limit = INT64_MAX}));
    return SelectRows(rows, where, order_by);
  }
  Status CleanupTable(Loader& /*loader*/, const std::string& /*table*/) override {
    return Status::OK();
  }
  Result<std::vector<std::string>> GetColumnNames(Loader& loader,
                                                  const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(const auto info, loader.GetTableInfo(table));
    std::vector<std::string> names;
    if (!info.has_value()) return names;
    for (const auto& column : info->columns) names.push_back(column.name);
    return names;
  }

 private:
  std::string loader_;
};

Result<std::unique_ptr<LoaderTestConfig>> OpenTestConfig(const std::string& path,
                                                         const std::string& loader) {
  const auto refused = [&](const std::string& why) {
    return ConfigurationError("the test config cannot be used: file=" + path + " reason=" + why);
  };
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return refused(dlerror());
  using Symbol = const AmploadTestConfig* (*)();
  const auto symbol = reinterpret_cast<Symbol>(dlsym(library, AMPLOAD_TEST_CONFIG_SYMBOL));
  if (symbol == nullptr) return refused("it exports no " AMPLOAD_TEST_CONFIG_SYMBOL);
  const AmploadTestConfig& config = *symbol();
  if (config.abi_version != AMPLOAD_PLUGIN_ABI_VERSION ||
      std::string_view(config.arrow_version) != ARROW_VERSION_STRING) {
    return refused("built for another ampload or another Arrow: build it again");
  }
  if (config.loader != loader) return refused("it is for loader " + std::string(config.loader));
  return std::unique_ptr<LoaderTestConfig>(static_cast<LoaderTestConfig*>(config.make()));
}

}  // namespace

Result<std::unique_ptr<LoaderTestConfig>> MakeTestConfig(const std::string& loader,
                                                         const std::string& plugin_folders,
                                                         bool* is_generic) {
  *is_generic = false;
  if (auto built_in = MakeBuiltInTestConfig(loader)) return built_in;
  std::istringstream folders(plugin_folders);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const auto path = fs::path(folder) / "conformance" / (loader + ".so");
    std::error_code ignored;
    if (!folder.empty() && fs::exists(path, ignored)) return OpenTestConfig(path.string(), loader);
  }
  *is_generic = true;
  return std::make_unique<GenericTestConfig>(loader);
}

}  // namespace ampload::conformance
