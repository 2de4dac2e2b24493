// The test configs of the loaders that are built in. One file a loader in conformance/loaders/.
#pragma once

#include <memory>
#include <string>

#include "ampload/conformance/loader_test_config.h"

namespace ampload::conformance {

// Null: there is none for that loader.
std::unique_ptr<LoaderTestConfig> MakeBuiltInTestConfig(const std::string& loader);

// conformance/loaders/<loader>_test_config.cc
std::unique_ptr<LoaderTestConfig> MakeDeltaLakeTestConfig();
std::unique_ptr<LoaderTestConfig> MakeLmdbTestConfig();
std::unique_ptr<LoaderTestConfig> MakePostgreSQLTestConfig();
std::unique_ptr<LoaderTestConfig> MakeRedisTestConfig();

}  // namespace ampload::conformance
