// A Redis server of the suites' own.
#pragma once

#include <memory>
#include <string>

#include "conformance/loaders/private_server.h"

namespace ampload::conformance {

// Keeps its data in memory alone. A configuration error where redis-server and redis-cli are not on
// PATH.
Result<std::unique_ptr<PrivateServer>> StartRedis();

// Its Unix socket; it has no port.
std::string SocketOf(const PrivateServer& redis);

}  // namespace ampload::conformance
