// A PostgreSQL server of the suites' own: a private folder, a Unix socket in it and nothing else to
// connect to, run by the user `postgres` where this process is root (the server refuses root).
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "ampload/status.h"

namespace ampload::conformance {

// Running from Start until it is destroyed, or until this process is gone, however it went: then
// the server is stopped and its folder removed. Nothing is ever fsynced.
class PrivatePostgreSQL {
 public:
  // A configuration error where initdb and pg_ctl are not found (the newest below
  // /usr/lib/postgresql, else on PATH).
  static Result<std::unique_ptr<PrivatePostgreSQL>> Start();
  ~PrivatePostgreSQL();
  PrivatePostgreSQL(const PrivatePostgreSQL&) = delete;
  PrivatePostgreSQL& operator=(const PrivatePostgreSQL&) = delete;

  // Where the socket is: libpq's `host`. Its port is 5432, its user postgres.
  const std::string& folder() const { return folder_; }

 private:
  explicit PrivatePostgreSQL(std::string folder) : folder_(std::move(folder)), owner_(getpid()) {}

  Status StartKeeper(const std::string& programs);

  std::string folder_;
  pid_t owner_;        // a forked child leaves the server alone
  pid_t keeper_ = -1;  // a shell that waits for the end of a pipe of ours
  int pipe_ = -1;
};

}  // namespace ampload::conformance
