#include "conformance/loaders/private_server.h"

#include <fcntl.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

extern char** environ;

namespace ampload::conformance {
namespace {

namespace fs = std::filesystem;

// A shell with that script, as the server's user. `input`: its stdin.
Result<pid_t> RunShell(const std::string& script, const ServerScripts& scripts,
                       const std::string& folder, int input) {
  std::vector<std::string> words;
  if (geteuid() == 0) {
    words = {"setpriv", "--reuid", scripts.user, "--regid", scripts.user, "--clear-groups"};
  }
  for (const auto& word : {std::string("sh"), std::string("-c"), script, std::string("sh"),
                           scripts.programs, folder}) {
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

Result<std::unique_ptr<PrivateServer>> PrivateServer::Start(const ServerScripts& scripts) {
  // Not below TMPDIR: a socket's path may have 107 bytes, and the server's user must get there.
  std::string folder = "/tmp/ampload-" + scripts.name + "-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    return PermanentError("cannot make a folder for the tests: pattern=" + folder);
  }
  std::unique_ptr<PrivateServer> server(new PrivateServer(folder));
  if (geteuid() == 0) {
    const passwd* user = getpwnam(scripts.user.c_str());
    if (user == nullptr || chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) {
      return ConfigurationError("a test server is not run as root, and there is no user `" +
                                scripts.user + "` to run it as: server=" + scripts.name);
    }
  }
  ARROW_RETURN_NOT_OK(server->StartKeeper(scripts));
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  // All output goes into a file, which says why where it fails.
  const auto shell = RunShell("cd / && exec >\"$2/start.log\" 2>&1\n" + std::string(scripts.start),
                              scripts, folder, nothing);
  close(nothing);
  ARROW_RETURN_NOT_OK(shell.status());
  int status = 0;
  if (waitpid(*shell, &status, 0) == *shell && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return server;
  }
  return PermanentError("a server for the tests does not start: server=" + scripts.name + " " +
                        TextOf(folder + "/start.log") + TextOf(folder + "/server.log"));
}

Status PrivateServer::StartKeeper(const ServerScripts& scripts) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return PermanentError("cannot make a pipe");
  // `read` ends with a line, or with the process that holds the other end.
  const auto keeper = RunShell("trap '' INT TERM HUP\ncd / && read -r line\n" +
                                   std::string(scripts.finish) + "\nrm -rf \"$2\"\n",
                               scripts, folder_, ends[0]);
  close(ends[0]);
  if (!keeper.ok()) {
    close(ends[1]);
    return keeper.status();
  }
  pipe_ = ends[1];
  keeper_ = *keeper;
  return Status::OK();
}

PrivateServer::~PrivateServer() {
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
