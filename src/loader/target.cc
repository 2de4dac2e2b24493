#include "loader/target.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/nearest_name.h"
#include "loader/guarded.h"
#include "loader/redact.h"

namespace ampload {
namespace {

// "lmdb" of "lmdb:DIR"; empty where the text does not begin with a scheme.
std::string_view SchemeOf(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(text[0])) return {};
  const std::string_view scheme = text.substr(0, colon);
  const bool good = std::all_of(scheme.begin(), scheme.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == '_';
  });
  return good ? scheme : std::string_view();
}

Result<Target> FromUri(const LoaderRegistry& registry, std::string_view uri) {
  Target target;
  ARROW_ASSIGN_OR_RAISE(target.descriptor, registry.FindByScheme(SchemeOf(uri)));
  const LoaderDescriptor& loader = *target.descriptor;
  ARROW_ASSIGN_OR_RAISE(target.config, Guarded(loader.name, [&] { return loader.parse_uri(uri); }));
  target.display = RedactUri(uri, loader.options);
  return target;
}

Result<Target> FromConnection(const LoaderRegistry& registry, const ConnectionConfig& connection) {
  ARROW_RETURN_NOT_OK(connection.problem);
  Target target;
  if (!connection.loader.empty()) {
    ARROW_ASSIGN_OR_RAISE(target.descriptor, registry.FindByName(connection.loader));
    target.display = target.descriptor->name;
  } else if (SchemeOf(connection.uri).empty()) {
    return ConfigurationError("its uri has no scheme: write it as in lmdb:DIR");
  } else {
    ARROW_ASSIGN_OR_RAISE(target, FromUri(registry, connection.uri));
  }
  for (const auto& [name, value] : connection.options) target.config[name] = value;
  target.display = connection.name + " (" + target.display + ")";
  return target;
}

// Neither a connection nor a URI: what was meant?
Status UnknownTarget(const LoaderRegistry& registry, const ConfigFile& config,
                     std::string_view text) {
  std::vector<std::string> names;
  for (const auto& [name, unused] : config.connections) names.push_back(name);
  for (const auto& loader : registry.loaders()) {
    names.push_back(loader.name);
    names.insert(names.end(), loader.schemes.begin(), loader.schemes.end());
  }
  std::string message = "target is neither a URI nor a connection of ";
  message += config.path.empty() ? "a config file" : config.path;
  if (const auto nearest = base::NearestName(text, names)) {
    message +=
        ": did you mean " + *nearest + (config.connections.contains(*nearest) ? "?" : ":...?");
  } else if (!registry.loaders().empty()) {
    const auto& loader = registry.loaders().front();
    message += ": begin it with a scheme, as in " +
               (loader.example_uri.empty() ? loader.name + ":..." : loader.example_uri);
  }
  return ConfigurationError(message + ": target=" + RedactUri(text, {}));
}

}  // namespace

Result<Target> ResolveTarget(const LoaderRegistry& registry, const ConfigFile& config,
                             std::string_view text) {
  if (text.empty()) return ConfigurationError("target is empty: give a URI such as lmdb:DIR");
  const auto connection = config.connections.find(std::string(text));
  if (connection != config.connections.end()) {
    auto target = FromConnection(registry, connection->second);
    if (target.ok()) return target;
    return WithContext(target.status(), "connection " + connection->first);
  }
  if (SchemeOf(text).empty()) return UnknownTarget(registry, config, text);
  return FromUri(registry, text);
}

Result<std::unique_ptr<Loader>> MakeLoader(const Target& target) {
  return Guarded(target.descriptor->name, [&] { return target.descriptor->make(target.config); });
}

}  // namespace ampload
