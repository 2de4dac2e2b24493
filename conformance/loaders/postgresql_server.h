// A PostgreSQL server of the suites' own.
#pragma once

#include <memory>

#include "conformance/loaders/private_server.h"

namespace ampload::conformance {

// Its folder has the socket: libpq's `host`. Its port is 5432, its user postgres; nothing is ever
// fsynced. A configuration error where initdb and pg_ctl are not found (the newest below
// /usr/lib/postgresql, else on PATH).
Result<std::unique_ptr<PrivateServer>> StartPostgreSQL();

}  // namespace ampload::conformance
