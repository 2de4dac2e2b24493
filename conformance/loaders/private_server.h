// A server of the suites' own: a private folder, a Unix socket in it and nothing else to connect
// to, run by an unprivileged user where this process is root.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "ampload/status.h"

namespace ampload::conformance {

// Lines of sh. $1 is `programs`, $2 the folder; the working directory is /.
struct ServerScripts {
  std::string name;         // "postgresql": in messages and in the folder's name
  std::string user;         // who runs it where this process is root
  std::string programs;     // the folder of its programs
  const char* start = "";   // fails, or ends once the server answers; says why in $2/start.log
  const char* finish = "";  // ends the server, started or not; $2 is removed after it
};

// Running from Start until it is destroyed, or until this process is gone, however it went.
class PrivateServer {
 public:
  static Result<std::unique_ptr<PrivateServer>> Start(const ServerScripts& scripts);
  ~PrivateServer();
  PrivateServer(const PrivateServer&) = delete;
  PrivateServer& operator=(const PrivateServer&) = delete;

  const std::string& folder() const { return folder_; }

 private:
  explicit PrivateServer(std::string folder) : folder_(std::move(folder)), owner_(getpid()) {}

  Status StartKeeper(const ServerScripts& scripts);

  std::string folder_;
  pid_t owner_;        // a forked child leaves the server alone
  pid_t keeper_ = -1;  // a shell that waits for the end of a pipe of ours
  int pipe_ = -1;
};

}  // namespace ampload::conformance
