#include "conformance/loaders/postgresql_server.h"

#include <fcntl.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace ampload::conformance {
namespace {

namespace fs = std::filesystem;

constexpr char kUser[] = "postgres";

// $1 the programs' folder, $2 ours. All output goes into a file, which says why where it fails.
constexpr char kStart[] = R"(
cd / && exec >"$2/start.log" 2>&1
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

// `read` ends with a line, or with the process that holds the other end.
constexpr char kKeep[] = R"(
trap '' INT TERM HUP
cd / && read -r line
[ ! -f "$2/data/postmaster.pid" ] || "$1/pg_ctl" -D "$2/data" -m immediate -w stop
rm -rf "$2"
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

// A shell with that script, as the server's user. `input`: its stdin.
Result<pid_t> RunShell(const char* script, const std::string& programs, const std::string& folder,
                       int input) {
  std::vector<std::string> words;
  if (geteuid() == 0) {
    words = {"setpriv", "--reuid", kUser, "--regid", kUser, "--clear-groups"};
  }
  for (const std::string word : {"sh", "-c", script, "sh", programs.c_str(), folder.c_str()}) {
    words.push_back(word);
  }
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  // A session of its own: a signal to our process group does not reach it.
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  for (const int output : {STDOUT_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_addopen(&files, output, "/dev/null", O_WRONLY, 0);
  }
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, argv[0], &files, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (failed == 0) return pid;
  return PermanentError("cannot start " + words.front() + ": " +
                        std::generic_category().message(failed));
}

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

Result<std::unique_ptr<PrivatePostgreSQL>> PrivatePostgreSQL::Start() {
  ARROW_ASSIGN_OR_RAISE(const auto programs, FindPrograms());
  // Not below TMPDIR: a socket's path may have 107 bytes, and the server's user must get there.
  std::string folder = "/tmp/ampload-postgresql-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    return PermanentError("cannot make a folder for the tests: pattern=" + folder);
  }
  std::unique_ptr<PrivatePostgreSQL> server(new PrivatePostgreSQL(folder));
  if (geteuid() == 0) {
    const passwd* user = getpwnam(kUser);
    if (user == nullptr || chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) {
      return ConfigurationError(
          "PostgreSQL refuses to run as root, and there is no user `postgres` to run it as");
    }
  }
  ARROW_RETURN_NOT_OK(server->StartKeeper(programs));
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const auto shell = RunShell(kStart, programs, folder, nothing);
  close(nothing);
  ARROW_RETURN_NOT_OK(shell.status());
  int status = 0;
  if (waitpid(*shell, &status, 0) == *shell && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return server;
  }
  return PermanentError("a PostgreSQL server for the tests does not start: " +
                        TextOf(folder + "/start.log") + TextOf(folder + "/server.log"));
}

Status PrivatePostgreSQL::StartKeeper(const std::string& programs) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return PermanentError("cannot make a pipe");
  const auto keeper = RunShell(kKeep, programs, folder_, ends[0]);
  close(ends[0]);
  if (!keeper.ok()) {
    close(ends[1]);
    return keeper.status();
  }
  pipe_ = ends[1];
  keeper_ = *keeper;
  return Status::OK();
}

PrivatePostgreSQL::~PrivatePostgreSQL() {
  if (owner_ != getpid()) return;
  if (keeper_ < 0) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    return;
  }
  // A line, too: a forked child may hold this end of the pipe still.
  [[maybe_unused]] const auto written = write(pipe_, "\n", 1);
  close(pipe_);
  waitpid(keeper_, nullptr, 0);
}

}  // namespace ampload::conformance
