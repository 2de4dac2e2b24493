#include "cli/signal_watch.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

namespace ampload::cli {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM};

std::atomic<int> signals_seen = 0;
std::atomic<int> write_end = -1;
std::array<struct sigaction, kSignals.size()> former;

static_assert(std::atomic<int>::is_always_lock_free);  // what a handler may touch

void OnSignal(int number) {
  const int saved_errno = errno;
  if (signals_seen.fetch_add(1) > 0) {
    signal(number, SIG_DFL);
    raise(number);
  } else {
    const char byte = 1;
    [[maybe_unused]] const auto written = write(write_end.load(), &byte, 1);
  }
  errno = saved_errno;
}

}  // namespace

SignalWatch::SignalWatch() {
  if (pipe2(pipe_, O_CLOEXEC) != 0) return;  // no descriptors left: signals end the process as ever
  signals_seen = 0;
  write_end = pipe_[1];
  thread_ = std::thread([this] {
    char byte = 0;
    while (read(pipe_[0], &byte, 1) < 0 && errno == EINTR) {
    }
    if (byte == 1) source_.request_stop();
  });
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &former[i]);
}

SignalWatch::~SignalWatch() {
  if (!thread_.joinable()) return;
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &former[i], nullptr);
  write_end = -1;
  close(pipe_[1]);
  thread_.join();
  close(pipe_[0]);
}

}  // namespace ampload::cli
