#include "base/this_process.h"

#include <time.h>
#include <unistd.h>

namespace ampload::base {

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? std::string(name) : std::string("unknown");
}

std::string NowRfc3339() {
  const time_t now = time(nullptr);
  struct tm parts;
  gmtime_r(&now, &parts);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string ThisProcess() {
  return "process " + std::to_string(getpid()) + " on " + HostName() + " since " + NowRfc3339();
}

}  // namespace ampload::base
