#include "conformance/loaders/postgresql_server.h"

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

namespace ampload::conformance {
namespace {

namespace fs = std::filesystem;

constexpr char kStart[] = R"(
"$1/initdb" -D "$2/data" -U postgres -E UTF8 --no-locale --no-sync -A trust || exit 1
cat >>"$2/data/postgresql.conf" <<END
listen_addresses = ''
port = 5432
unix_socket_directories = '$2'
fsync = off
full_page_writes = off
shared_buffers = 64MB
max_wal_size = 1GB
timezone = 'UTC'
END
exec "$1/pg_ctl" -D "$2/data" -l "$2/server.log" -w -t 60 start
)";

constexpr char kFinish[] = R"(
[ ! -f "$2/data/postmaster.pid" ] || "$1/pg_ctl" -D "$2/data" -m immediate -w stop
)";

Result<std::string> FindPrograms() {
  std::error_code error;
  fs::path newest;
  double version = 0;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", error)) {
    const double found = std::strtod(entry.path().filename().c_str(), nullptr);
    std::error_code ignored;
    if (found > version && fs::exists(entry.path() / "bin" / "initdb", ignored)) {
      newest = entry.path() / "bin";
      version = found;
    }
  }
  if (!newest.empty()) return newest.string();
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (fs::exists(fs::path(folder) / "initdb", error) &&
        fs::exists(fs::path(folder) / "pg_ctl", error)) {
      return folder;
    }
  }
  return ConfigurationError(
      "the programs of a PostgreSQL server (initdb, pg_ctl) were not found: install one (Debian: "
      "postgresql), or name a server in AMPLOAD_TEST_POSTGRESQL_URI");
}

}  // namespace

Result<std::unique_ptr<PrivateServer>> StartPostgreSQL() {
  ARROW_ASSIGN_OR_RAISE(const auto programs, FindPrograms());
  return PrivateServer::Start({.name = "postgresql",
                               .user = "postgres",
                               .programs = programs,
                               .start = kStart,
                               .finish = kFinish});
}

}  // namespace ampload::conformance
