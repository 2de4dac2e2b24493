// What `ampload check` says of a server, and what of it a load cannot do without.
#pragma once

#include <string>
#include <vector>

#include "ampload/loader.h"
#include "loaders/postgresql/connection.h"
#include "loaders/postgresql/postgresql_config.h"

namespace ampload::postgresql {

// "15.18" of 150018.
std::string VersionText(int server_version);

// A configuration error for a server older than 13.
Status CheckVersion(const Connection& connection);

// Lines on the server, the way there, and the user's rights in the option `schema`. Only reads.
Result<std::vector<CheckLine>> CheckServer(Connection& connection, const PostgreSQLConfig& config,
                                           const CallContext& context);

}  // namespace ampload::postgresql
