#include "conformance/loaders/redis_server.h"

#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace ampload::conformance {
namespace {

namespace fs = std::filesystem;

constexpr char kStart[] = R"(
"$1/redis-server" --port 0 --unixsocket "$2/socket" --dir "$2" --save '' --appendonly no \
  --maxmemory-policy noeviction --daemonize yes --pidfile "$2/pid" --logfile "$2/server.log" || exit 1
for attempt in $(seq 1000); do
  "$1/redis-cli" -s "$2/socket" ping && exit 0
  sleep 0.02
done
exit 1
)";

constexpr char kFinish[] = R"sh(
[ ! -s "$2/pid" ] || kill -KILL "$(cat "$2/pid")"
)sh";

}  // namespace

Result<std::unique_ptr<PrivateServer>> StartRedis() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::error_code ignored;
    if (!fs::exists(fs::path(folder) / "redis-server", ignored) ||
        !fs::exists(fs::path(folder) / "redis-cli", ignored)) {
      continue;
    }
    return PrivateServer::Start(
        {.name = "redis", .user = "redis", .programs = folder, .start = kStart, .finish = kFinish});
  }
  return ConfigurationError(
      "the programs of a Redis server (redis-server, redis-cli) were not found: install one "
      "(Debian: redis-server), or name a server in AMPLOAD_TEST_REDIS_URI");
}

std::string SocketOf(const PrivateServer& redis) { return redis.folder() + "/socket"; }

}  // namespace ampload::conformance
