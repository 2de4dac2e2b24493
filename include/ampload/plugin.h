// How a loader outside of this repository is found: a shared object in a folder of
// AMPLOAD_PLUGIN_PATH or of the install's loaders/ folder, which exports one C symbol.
//
//   const ampload::LoaderDescriptor& MyDescriptor();      // as in registry.h
//   AMPLOAD_EXPORT_LOADER(MyDescriptor)
//
// The host refuses another ABI version or another Arrow version before it calls anything of the
// plugin's.
#pragma once

#include <arrow/util/config.h>

#include <cstdint>

#include "ampload/registry.h"

// Grows with every change of the headers in include/ampload that a built plugin would notice.
#define AMPLOAD_PLUGIN_ABI_VERSION 5

extern "C" {
// Read by the host as plain C until the two versions are known to be its own.
struct AmploadPlugin {
  uint32_t abi_version;
  const char* arrow_version;  // ARROW_VERSION_STRING
  const void* (
      *descriptor)();  // const ampload::LoaderDescriptor*; called only after both versions agree
};
}

#define AMPLOAD_PLUGIN_SYMBOL "ampload_plugin"

#define AMPLOAD_EXPORT_LOADER(make_descriptor)                                                \
  extern "C" __attribute__((visibility("default"))) const AmploadPlugin* ampload_plugin() {   \
    static const AmploadPlugin plugin = {AMPLOAD_PLUGIN_ABI_VERSION, ARROW_VERSION_STRING,    \
                                         []() -> const void* { return &make_descriptor(); }}; \
    return &plugin;                                                                           \
  }
