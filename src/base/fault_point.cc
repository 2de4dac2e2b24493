#include "ampload/fault_point.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace ampload {
namespace {

// What AMPLOAD_FAULT asked for, and how often each point was passed.
struct FaultState {
  std::mutex mutex;
  std::map<std::string, int64_t> passings;
  int64_t all_passings = 0;
  std::string kill_name;
  int64_t kill_passing = 0;
  int signal = SIGKILL;
  bool lose = false;           // no signal: the reply is lost
  std::string disabled = ",";  // ",fence,undo_log,"
};

void WriteCounts();

FaultState& State() {
  static FaultState* state = [] {
    auto* made = new FaultState;
    if (const char* text = getenv("AMPLOAD_FAULT")) {
      const std::string_view spec(text);
      const size_t first = spec.find(':');
      const size_t second = first == std::string_view::npos ? first : spec.find(':', first + 1);
      made->kill_name = std::string(spec.substr(0, first));
      made->kill_passing =
          first == std::string_view::npos ? 1 : atoll(std::string(spec.substr(first + 1)).c_str());
      if (second != std::string_view::npos && spec.substr(second + 1) == "stop") {
        made->signal = SIGSTOP;
      }
      made->lose = second != std::string_view::npos && spec.substr(second + 1) == "lose";
    }
    if (const char* text = getenv("AMPLOAD_DISABLE")) made->disabled += std::string(text) + ",";
    if (getenv("AMPLOAD_FAULT_COUNTS") != nullptr) atexit(WriteCounts);
    return made;
  }();
  return *state;
}

void WriteCounts() {
  auto& state = State();
  const std::lock_guard lock(state.mutex);
  const int fd =
      open(getenv("AMPLOAD_FAULT_COUNTS"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return;
  for (const auto& [name, count] : state.passings) {
    const std::string line = name + " " + std::to_string(count) + "\n";
    if (write(fd, line.data(), line.size()) < 0) break;
  }
  close(fd);
}

// Counts a passing; is it the one that AMPLOAD_FAULT names?
bool IsPassingAskedFor(const char* name, bool is_reply) {
  auto& state = State();
  const std::lock_guard lock(state.mutex);
  const int64_t passing = ++state.passings[name];
  if (state.kill_name == "*") {
    return (is_reply || !state.lose) && ++state.all_passings == state.kill_passing;
  }
  return passing == state.kill_passing && state.kill_name == name;
}

}  // namespace

void PassFaultPoint(const char* name) {
  if (IsPassingAskedFor(name, /*is_reply=*/false) && !State().lose) kill(getpid(), State().signal);
}

bool ReplyIsLost(const char* name) {
  if (!IsPassingAskedFor(name, /*is_reply=*/true)) return false;
  if (!State().lose) kill(getpid(), State().signal);
  return State().lose;
}

bool SafeguardIsOn(const char* name) {
  return State().disabled.find("," + std::string(name) + ",") == std::string::npos;
}

bool FaultPointsCompiledIn() {
#ifdef AMPLOAD_FAULT_POINTS
  return true;
#else
  return false;
#endif
}

}  // namespace ampload
