#include "ampload/registry.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "base/nearest_name.h"
#include "loader/plugin_host.h"
#include "loader/registration.h"

namespace ampload {
namespace {

namespace fs = std::filesystem;

std::string Join(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// What a loader says of itself must hold together: refusals, docs and conformance all believe it.
Status CheckTraits(const LoaderTraits& traits) {
  const bool has_commit = traits.commit != CommitKind::kNone;
  std::vector<std::string> wrong;
  if (traits.supported_modes.ToVector().empty()) wrong.push_back("supports no mode");
  if (traits.supports_overwrite != traits.supported_modes.contains(LoadMode::kOverwrite)) {
    wrong.push_back("supports_overwrite and supported_modes disagree");
  }
  if (traits.supports_streaming && !has_commit) {
    wrong.push_back("supports_streaming needs a commit other than none");
  }
  if (traits.supports_multi_network && !traits.supports_streaming) {
    wrong.push_back("supports_multi_network needs supports_streaming");
  }
  if (traits.commit == CommitKind::kAtomic && !traits.supports_transactions) {
    wrong.push_back("commit atomic needs supports_transactions");
  }
  if (traits.max_tables_per_commit < 1 || (traits.max_tables_per_commit > 1 && !has_commit)) {
    wrong.push_back("max_tables_per_commit does not fit its commit");
  }
  if (wrong.empty()) return Status::OK();
  return ConfigurationError("its traits contradict each other: " + Join(wrong));
}

Status CheckDescriptor(const LoaderDescriptor& descriptor) {
  if (descriptor.name.empty()) return ConfigurationError("it has no name");
  if (descriptor.make == nullptr) return ConfigurationError("it has no `make`");
  if (descriptor.parse_uri == nullptr && !descriptor.schemes.empty()) {
    return ConfigurationError("it has URI schemes but no `parse_uri`");
  }
  return CheckTraits(descriptor.traits);
}

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> SplitFolders(std::string_view text) {
  std::vector<std::string> folders;
  while (!text.empty()) {
    const size_t colon = text.find(':');
    if (colon != 0) folders.emplace_back(text.substr(0, colon));
    text.remove_prefix(colon == std::string_view::npos ? text.size() : colon + 1);
  }
  return folders;
}

// The plugins of one folder in name order.
Result<std::set<std::string>> ListPlugins(const std::string& folder) {
  std::error_code error;
  std::set<std::string> paths;
  fs::directory_iterator it(folder, error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) {
    if (it->path().extension() == ".so") paths.insert(it->path().string());
  }
  if (error) return ConfigurationError("plugin folder cannot be read: " + error.message());
  return paths;
}

// "mystore" of /x/libmystore.so.
std::string PluginName(const std::string& path) {
  std::string name = fs::path(path).stem().string();
  return name.starts_with("lib") && name.size() > 3 ? name.substr(3) : name;
}

void SortByName(auto& rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.name < b.name; });
}

}  // namespace

LoaderRegistry LoaderRegistry::BuiltIn() {
  LoaderRegistry registry;
  ForEachBuiltInLoader(
      [&](const LoaderDescriptor& descriptor) {
        if (const Status status = registry.Add(descriptor); !status.ok()) {
          registry.missing_.push_back({descriptor.name, status.message()});
        }
      },
      [&](const char* name, const char* reason) {
        registry.missing_.push_back({name, reason});
      });
  SortByName(registry.missing_);
  return registry;
}

void LoaderRegistry::LoadPlugins(std::string_view folders) {
  for (const auto& folder : SplitFolders(folders)) {
    const auto paths = ListPlugins(folder);
    if (!paths.ok()) {
      missing_.push_back({folder, paths.status().message()});
      continue;
    }
    for (const auto& path : *paths) {
      const auto descriptor = OpenPlugin(path);
      const Status status = descriptor.ok() ? Add(**descriptor) : descriptor.status();
      if (!status.ok()) missing_.push_back({PluginName(path), path + ": " + status.message()});
    }
  }
  SortByName(missing_);
}

Status LoaderRegistry::Add(LoaderDescriptor descriptor) {
  ARROW_RETURN_NOT_OK(WithContext(CheckDescriptor(descriptor), "loader " + descriptor.name));
  for (const auto& other : loaders_) {
    if (other.name == descriptor.name || Contains(other.schemes, descriptor.name)) {
      return ConfigurationError("loader " + descriptor.name +
                                ": the name is taken: by=" + other.name);
    }
    for (const auto& scheme : descriptor.schemes) {
      if (other.name == scheme || Contains(other.schemes, scheme)) {
        return ConfigurationError("loader " + descriptor.name + ": the URI scheme is taken: by=" +
                                  other.name + " scheme=" + scheme);
      }
    }
  }
  loaders_.push_back(std::move(descriptor));
  SortByName(loaders_);
  return Status::OK();
}

Result<const LoaderDescriptor*> LoaderRegistry::FindByName(std::string_view name) const {
  std::vector<std::string> names;
  for (const auto& loader : loaders_) {
    if (loader.name == name || Contains(loader.schemes, name)) return &loader;
    names.push_back(loader.name);
  }
  for (const auto& absent : missing_) {
    if (absent.name == name) {
      return ConfigurationError("loader " + absent.name + " is not available: " + absent.reason);
    }
  }
  std::string message = "unknown loader";
  if (const auto nearest = base::NearestName(name, names)) {
    message += ": did you mean " + *nearest + "?";
  } else {
    message += ": there are " + (names.empty() ? "none" : Join(names));
  }
  return ConfigurationError(message + ": loader=" + std::string(name));
}

Result<const LoaderDescriptor*> LoaderRegistry::FindByScheme(std::string_view scheme) const {
  std::vector<std::string> schemes;
  for (const auto& loader : loaders_) {
    if (Contains(loader.schemes, scheme)) return &loader;
    schemes.insert(schemes.end(), loader.schemes.begin(), loader.schemes.end());
  }
  for (const auto& absent : missing_) {
    if (absent.name == scheme) {
      return ConfigurationError("loader " + absent.name + " is not available: " + absent.reason);
    }
  }
  std::string message = "unknown URI scheme";
  if (const auto nearest = base::NearestName(scheme, schemes)) {
    message += ": did you mean " + *nearest + ":?";
  } else {
    message += ": there are " + (schemes.empty() ? "none" : Join(schemes));
  }
  return ConfigurationError(message + ": scheme=" + std::string(scheme));
}

}  // namespace ampload
