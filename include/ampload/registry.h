// The loaders that this process knows: built in, and plugins found at run time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/loader.h"
#include "ampload/loader_traits.h"
#include "ampload/options.h"
#include "ampload/type_plan.h"

namespace ampload {

// A loader as it describes itself. Each folder below src/loaders/ and each plugin has one.
struct LoaderDescriptor {
  std::string name = {};                  // the folder's name, LoadResult's loader_type
  std::vector<std::string> schemes = {};  // "lmdb" of lmdb:DIR
  std::string summary = {};               // one line
  std::string example_uri = {};           // "lmdb:./data.lmdb"
  std::string client = {};                // client library and version: "liblmdb 0.9.24"
  LoaderTraits traits = {};
  std::vector<OptionSpec> options = {};
  std::vector<TypeTable> types = {};  // what becomes of each Arrow type; empty: not declared

  // A target URI as options. `uri` is whole, with its scheme.
  std::function<Result<ConfigMap>(std::string_view uri)> parse_uri = {};
  // Validates every option; connects nothing.
  std::function<Result<std::unique_ptr<Loader>>(const ConfigMap& config)> make = {};
};

// For LoaderDescriptor::parse_uri where a target is a scheme, a path and options:
// "lmdb:DIR?map_size=1GiB&sync=full" -> {path: DIR, map_size: 1GiB, ...}, percent-decoded.
Result<ConfigMap> ParsePathUri(std::string_view uri, std::string_view path_option);

// A loader that could not be had, and why: a client library missing at build time, a plugin
// refused.
struct MissingLoader {
  std::string name;
  std::string reason;
};

// A value; build one at the start of a program. Reading it is safe from any thread.
class LoaderRegistry {
 public:
  // All loaders built in.
  static LoaderRegistry BuiltIn();

  // Adds every plugin (*.so) of the colon-separated folders, in name order. One that is refused
  // (not a plugin, another ABI or Arrow, a name taken) is listed in missing(), never half loaded.
  // Plugins stay loaded for the life of the process.
  void LoadPlugins(std::string_view folders);

  Status Add(LoaderDescriptor descriptor);  // a name or scheme that is taken is refused

  // By name or scheme; else a configuration error with the nearest right name, or why it is
  // missing.
  Result<const LoaderDescriptor*> FindByName(std::string_view name) const;
  Result<const LoaderDescriptor*> FindByScheme(std::string_view scheme) const;

  const std::vector<LoaderDescriptor>& loaders() const { return loaders_; }  // sorted by name
  const std::vector<MissingLoader>& missing() const { return missing_; }

 private:
  std::vector<LoaderDescriptor> loaders_;
  std::vector<MissingLoader> missing_;
};

}  // namespace ampload
