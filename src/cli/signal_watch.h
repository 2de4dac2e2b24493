// Ctrl-C and SIGTERM as a stop request.
#pragma once

#include <stop_token>
#include <thread>

namespace ampload::cli {

// While it lives, the first SIGINT or SIGTERM requests a stop through `token()`, and a second one
// ends the process at once, as if nothing caught it. At most one at a time in a process. The
// destructor puts the former handlers back.
class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  int pipe_[2] = {-1, -1};  // handler (one byte a signal) ─▶ thread; closing it ends the thread
  std::thread thread_;
};

}  // namespace ampload::cli
