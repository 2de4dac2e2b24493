// A plugin that must be refused before its descriptor is asked for. Built several times, with
// another version each.
#include <cstdlib>

#include "ampload/plugin.h"

extern "C" __attribute__((visibility("default"))) const AmploadPlugin* ampload_plugin() {
  static const AmploadPlugin plugin = {TEST_ABI_VERSION, TEST_ARROW_VERSION,
                                       []() -> const void* { std::abort(); }};
  return &plugin;
}
