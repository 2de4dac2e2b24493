#include "loader/plugin_host.h"

#include <dlfcn.h>

#include <string_view>
#include <utility>

#include "ampload/plugin.h"
#include "loader/guarded.h"

namespace ampload {
namespace {

// One dlopen, undone unless kept.
class Library {
 public:
  explicit Library(void* handle) : handle_(handle) {}
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() {
    if (handle_ != nullptr) dlclose(handle_);
  }

  void* Find(const char* symbol) const { return dlsym(handle_, symbol); }
  void Keep() { handle_ = nullptr; }

 private:
  void* handle_;
};

std::string LastError() {
  const char* text = dlerror();
  return text == nullptr ? "unknown error" : text;
}

Status CheckVersions(const AmploadPlugin& plugin) {
  if (plugin.abi_version != AMPLOAD_PLUGIN_ABI_VERSION) {
    return ConfigurationError(
        "built for another ampload: build it again with this one's headers: plugin_abi=" +
        std::to_string(plugin.abi_version) +
        " ampload_abi=" + std::to_string(AMPLOAD_PLUGIN_ABI_VERSION));
  }
  const std::string_view arrow = plugin.arrow_version == nullptr ? "" : plugin.arrow_version;
  if (arrow != ARROW_VERSION_STRING) {
    return ConfigurationError(
        "built with another Arrow: build it again with this one: plugin_arrow=" +
        std::string(arrow) + " ampload_arrow=" ARROW_VERSION_STRING);
  }
  return Status::OK();
}

Result<const LoaderDescriptor*> CallDescriptor(const AmploadPlugin& plugin) {
  if (plugin.descriptor == nullptr) return ConfigurationError("it describes no loader");
  return Guarded("describing itself", [&]() -> Result<const LoaderDescriptor*> {
    const void* descriptor = plugin.descriptor();
    if (descriptor == nullptr) return ConfigurationError("it describes no loader");
    return static_cast<const LoaderDescriptor*>(descriptor);
  });
}

}  // namespace

Result<const LoaderDescriptor*> OpenPlugin(const std::string& path) {
  dlerror();
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return ConfigurationError("cannot be loaded as a shared object: " + LastError());
  }
  Library library(handle);
  using Entry = const AmploadPlugin* (*)();
  const auto entry = reinterpret_cast<Entry>(library.Find(AMPLOAD_PLUGIN_SYMBOL));
  if (entry == nullptr) {
    return ConfigurationError("no ampload plugin: it exports no symbol " AMPLOAD_PLUGIN_SYMBOL);
  }
  const AmploadPlugin* plugin = entry();
  if (plugin == nullptr) return ConfigurationError("it describes no loader");
  ARROW_RETURN_NOT_OK(CheckVersions(*plugin));
  ARROW_ASSIGN_OR_RAISE(const LoaderDescriptor* descriptor, CallDescriptor(*plugin));
  library.Keep();
  return descriptor;
}

}  // namespace ampload
