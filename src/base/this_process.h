// This process, as others are told who holds something.
#pragma once

#include <string>

namespace ampload::base {

std::string HostName();    // "unknown" where the system has none
std::string NowRfc3339();  // "2026-01-31T12:00:00Z"
// "process 1234 on host since 2026-01-31T12:00:00Z"
std::string ThisProcess();

}  // namespace ampload::base
