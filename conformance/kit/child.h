// The other process of a crash test: plays a script, and is killed somewhere in it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "ampload/options.h"
#include "ampload/registry.h"
#include "ampload/status.h"

namespace ampload::conformance {

// What the child is to do. It gets this as a file of JSON.
struct ChildJob {
  std::string loader;
  ConfigMap options;
  std::string plugin_folders;  // where a plugin's test config is; scenarios ask for it
  std::string script;
  std::string table;
  std::string progress;  // file: one line for each commit that is known to have taken effect
  bool recover_only = false;
  std::string scenario;  // plays this one in processes of its own, in place of a script: its name,
                         // "random FIRST COUNT", or "matrix"
  int64_t stop_before_commit = -1;  // the child stops itself (SIGSTOP) before this commit
};

// How a child ended.
struct ChildEnd {
  bool exited = false;
  int exit_status = 0;  // where it exited: 0 done, 4 fenced, 1 failed
  int signal = 0;       // that ended or stopped it
  bool stopped = false;
  std::string error;  // its stderr
  bool done() const { return exited && exit_status == 0; }
  bool fenced() const { return exited && exit_status == 4; }
  bool killed() const;
  std::string ToString() const;
};

// A running child of this very program. The destructor kills and reaps it.
class Child {
 public:
  // `environment`: variables that the child has beside this process's own.
  static Result<Child> Start(const ChildJob& job,
                             const std::map<std::string, std::string>& environment);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  // Until it ends, or stops itself.
  Result<ChildEnd> Wait();
  void Continue();  // after it has stopped itself

 private:
  Child(pid_t pid, std::string folder) : pid_(pid), folder_(std::move(folder)) {}
  pid_t pid_ = -1;
  std::string folder_;  // job and stderr
};

// The word on the command line that makes this program such a child: `--child FILE`.
inline constexpr char kChildOption[] = "--child";

// In the child. The exit status.
int RunChild(const LoaderRegistry& registry, const std::string& job_file);

}  // namespace ampload::conformance
