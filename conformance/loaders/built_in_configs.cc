#include "conformance/kit/built_in_configs.h"

namespace ampload::conformance {

std::unique_ptr<LoaderTestConfig> MakeBuiltInTestConfig(const std::string& loader) {
#ifdef AMPLOAD_HAS_DELTALAKE
  if (loader == "deltalake") return MakeDeltaLakeTestConfig();
#endif
#ifdef AMPLOAD_HAS_LMDB
  if (loader == "lmdb") return MakeLmdbTestConfig();
#endif
#ifdef AMPLOAD_HAS_POSTGRESQL
  if (loader == "postgresql") return MakePostgreSQLTestConfig();
#endif
#ifdef AMPLOAD_HAS_REDIS
  if (loader == "redis") return MakeRedisTestConfig();
#endif
  return nullptr;
}

}  // namespace ampload::conformance
