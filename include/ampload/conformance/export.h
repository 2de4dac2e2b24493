// How the test config of a loader outside of this repository is found: a shared object in the
// folder `conformance/` beside the plugin, which exports one C symbol. `ampload-conformance` looks
// there, `ampload` never does.
//
//   class MyTestConfig : public ampload::conformance::LoaderTestConfig { ... };
//   AMPLOAD_EXPORT_TEST_CONFIG("my", MyTestConfig)
#pragma once

#include <memory>

#include "ampload/conformance/loader_test_config.h"
#include "ampload/plugin.h"

extern "C" {
struct AmploadTestConfig {
  uint32_t abi_version;
  const char* arrow_version;
  const char* loader;  // the loader's name
  void* (*make)();     // a new ampload::conformance::LoaderTestConfig, the caller's
};
}

#define AMPLOAD_TEST_CONFIG_SYMBOL "ampload_test_config"

#define AMPLOAD_EXPORT_TEST_CONFIG(loader_name, Class)                                 \
  extern "C" __attribute__((visibility("default"))) const AmploadTestConfig*           \
  ampload_test_config() {                                                              \
    static const AmploadTestConfig config = {                                          \
        AMPLOAD_PLUGIN_ABI_VERSION, ARROW_VERSION_STRING, loader_name, []() -> void* { \
          std::unique_ptr<ampload::conformance::LoaderTestConfig> made =               \
              std::make_unique<Class>();                                               \
          return made.release();                                                       \
        }};                                                                            \
    return &config;                                                                    \
  }
