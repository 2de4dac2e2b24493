#include "conformance/kit/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "conformance/kit/case_context.h"
#include "conformance/kit/config_lookup.h"
#include "conformance/kit/driver.h"
#include "conformance/scenario/play.h"

extern char** environ;

namespace ampload::conformance {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Json ToJson(const ChildJob& job) {
  return {{"loader", job.loader},
          {"options", job.options},
          {"plugin_folders", job.plugin_folders},
          {"script", job.script},
          {"scenario", job.scenario},
          {"table", job.table},
          {"progress", job.progress},
          {"recover_only", job.recover_only},
          {"stop_before_commit", job.stop_before_commit}};
}

ChildJob FromJson(const Json& json) {
  ChildJob job;
  job.loader = json.at("loader").get<std::string>();
  job.options = json.at("options").get<ConfigMap>();
  job.plugin_folders = json.at("plugin_folders").get<std::string>();
  job.script = json.at("script").get<std::string>();
  job.scenario = json.at("scenario").get<std::string>();
  job.table = json.at("table").get<std::string>();
  job.progress = json.at("progress").get<std::string>();
  job.recover_only = json.at("recover_only").get<bool>();
  job.stop_before_commit = json.at("stop_before_commit").get<int64_t>();
  return job;
}

// One write each: a line is there whole or not at all, whenever the process is killed.
void NoteProgress(const std::string& path, size_t done) {
  const std::string line = std::to_string(done) + "\n";
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0 || write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    std::cerr << "cannot note progress: " << path << "\n";
    _exit(1);
  }
  close(fd);
}

// Scenarios fork, so nothing is connected in this process. What they say goes to stderr.
Status PlayScenarios(const LoaderRegistry& registry, const ChildJob& job) {
  ScenarioStore store;
  ARROW_ASSIGN_OR_RAISE(store.loader, registry.FindByName(job.loader));
  store.options = job.options;
  ARROW_ASSIGN_OR_RAISE(store.traits, TraitsOf(*store.loader, store.options));
  bool is_generic = false;
  ARROW_ASSIGN_OR_RAISE(const auto config,
                        MakeTestConfig(job.loader, job.plugin_folders, &is_generic));
  store.config = config.get();
  std::istringstream words(job.scenario);
  std::string what;
  words >> what;
  if (what == "matrix") {
    return PlayScenarioMatrix(store, std::cerr) ? Status::OK() : DataError("the matrix has holes");
  }
  if (what == "random") {
    uint64_t first = 0;
    uint64_t count = 0;
    words >> first >> count;
    return PlayRandomScenarios(first, count, store, std::cerr) ? Status::OK()
                                                               : DataError("scenarios failed");
  }
  for (const auto& named : NamedScenarios()) {
    if (named.name == what) return PlayScenario(named, store).status;
  }
  return ConfigurationError("there is no such scenario: " + what);
}

Result<DriverEnd> RunJob(const LoaderRegistry& registry, const ChildJob& job) {
  if (!job.scenario.empty()) {
    ARROW_RETURN_NOT_OK(PlayScenarios(registry, job));
    return DriverEnd::kDone;
  }
  const Script* script = FindScript(job.script);
  if (script == nullptr) return ConfigurationError("there is no such script: " + job.script);
  ARROW_ASSIGN_OR_RAISE(const auto* descriptor, registry.FindByName(job.loader));
  ARROW_ASSIGN_OR_RAISE(const auto loader, descriptor->make(job.options));
  ARROW_RETURN_NOT_OK(loader->Connect(CallContext{}));
  DriverOptions options;
  options.table = job.table;
  if (job.recover_only) {
    ARROW_ASSIGN_OR_RAISE(const size_t done, RecoverOnly(*script, *loader, options));
    NoteProgress(job.progress, done);
    return DriverEnd::kDone;
  }
  options.on_committed = [&](size_t done) { NoteProgress(job.progress, done); };
  options.before_commit = [&](size_t index) {
    if (static_cast<int64_t>(index) == job.stop_before_commit) raise(SIGSTOP);
    return Status::OK();
  };
  return PlayScript(*script, *loader, options);
}

// The environment with some variables set.
std::vector<std::string> EnvironmentWith(const std::map<std::string, std::string>& more) {
  std::vector<std::string> all;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string text = *one;
    if (!more.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : more) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

bool ChildEnd::killed() const { return !exited && !stopped && signal == SIGKILL; }

std::string ChildEnd::ToString() const {
  std::string text = stopped  ? "stopped"
                     : exited ? "exit status " + std::to_string(exit_status)
                              : "signal " + std::to_string(signal);
  return error.empty() ? text : text + ": " + error;
}

Result<Child> Child::Start(const ChildJob& job,
                           const std::map<std::string, std::string>& environment) {
  std::string folder = (fs::temp_directory_path() / "ampload-child-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return PermanentError("cannot make a temporary folder");
  const std::string job_file = folder + "/job.json";
  std::ofstream(job_file) << ToJson(job).dump();

  std::error_code error;
  const std::string program = fs::read_symlink("/proc/self/exe", error).string();
  std::vector<std::string> words = {program, kChildOption, job_file};
  std::vector<std::string> variables = EnvironmentWith(environment);
  auto argv = Pointers(words);
  auto envp = Pointers(variables);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (folder + "/stderr").c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0644);
  pid_t pid = -1;
  const int code = posix_spawn(&pid, program.c_str(), &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) {
    fs::remove_all(folder, error);
    return PermanentError("cannot start a process: program=" + program +
                          " errno=" + std::to_string(code));
  }
  return Child(pid, std::move(folder));
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), folder_(std::move(other.folder_)) {
  other.folder_.clear();
}

Child::~Child() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

Result<ChildEnd> Child::Wait() {
  int status = 0;
  if (waitpid(pid_, &status, WUNTRACED) != pid_) {
    return PermanentError("waiting for a process failed: errno=" + std::to_string(errno));
  }
  ChildEnd end;
  end.stopped = WIFSTOPPED(status);
  end.exited = WIFEXITED(status);
  if (end.exited) end.exit_status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  if (!end.stopped) pid_ = -1;
  end.error = ReadText(folder_ + "/stderr");
  while (end.error.ends_with('\n')) end.error.pop_back();
  return end;
}

void Child::Continue() { kill(pid_, SIGCONT); }

int RunChild(const LoaderRegistry& registry, const std::string& job_file) {
  try {
    const auto end = RunJob(registry, FromJson(Json::parse(ReadText(job_file))));
    if (end.ok()) return *end == DriverEnd::kFenced ? 4 : 0;
    std::cerr << MessageOf(end.status()) << "\n";
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
  }
  return 1;
}

}  // namespace ampload::conformance
